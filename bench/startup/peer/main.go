// Peer is a Waypoint plugin written in Go the usual way, to measure ours
// against: a platform and a release manager that do nothing.
package main

import (
	"context"

	sdk "github.com/hashicorp/waypoint-plugin-sdk"
	"github.com/hashicorp/waypoint-plugin-sdk/terminal"
	"google.golang.org/protobuf/types/known/emptypb"
)

type config struct {
	Namespace string `hcl:"namespace,optional"`
}

type platform struct {
	config config
}

func (p *platform) Config() (interface{}, error) { return &p.config, nil }
func (p *platform) DeployFunc() interface{}      { return p.deploy }
func (p *platform) DestroyFunc() interface{}     { return p.destroy }

func (p *platform) deploy(_ context.Context, _ terminal.UI) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (p *platform) destroy(_ context.Context, _ terminal.UI) error { return nil }

type releaser struct {
	config config
}

func (r *releaser) Config() (interface{}, error) { return &r.config, nil }
func (r *releaser) ReleaseFunc() interface{}     { return r.release }

func (r *releaser) release(_ context.Context, _ terminal.UI) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func main() {
	sdk.Main(sdk.WithComponents(&platform{}, &releaser{}))
}

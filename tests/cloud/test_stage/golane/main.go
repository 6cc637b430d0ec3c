// A plugin as others write it, in Go with HashiCorp's own SDK: it builds, deploys and releases nothing but lines in a
// file, so that a test sees who had the traffic.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	sdk "github.com/hashicorp/waypoint-plugin-sdk"
	"github.com/hashicorp/waypoint-plugin-sdk/component"
	pb "github.com/hashicorp/waypoint-plugin-sdk/proto/gen"
	"github.com/hashicorp/waypoint-plugin-sdk/terminal"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Thing is an artifact, a deployment and a release: a google.protobuf.Struct.
type Thing struct{ *structpb.Struct }

// ProtoReflect is asked of a nil Thing too, for its type.
func (t *Thing) ProtoReflect() protoreflect.Message {
	if t == nil {
		return (*structpb.Struct)(nil).ProtoReflect()
	}
	return t.Struct.ProtoReflect()
}

func (t *Thing) URL() string               { return t.Fields["url"].GetStringValue() }
func (t *Thing) Labels() map[string]string { return map[string]string{"made/by": "golane"} }

func thing(facts map[string]interface{}) (*Thing, error) {
	s, err := structpb.NewStruct(facts)
	return &Thing{s}, err
}

func note(path, line string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = fmt.Fprintln(f, line)
	return err
}

type BuilderConfig struct {
	File string `hcl:"file,optional"`
}

type Builder struct{ config BuilderConfig }

func (b *Builder) Config() (interface{}, error) { return &b.config, nil }
func (b *Builder) BuildFunc() interface{}       { return b.build }

func (b *Builder) build(_ context.Context, ui terminal.UI, src *component.Source) (*Thing, error) {
	ui.Output("golane builds " + src.App)
	if err := note(b.config.File, "built "+src.App); err != nil {
		return nil, err
	}
	return thing(map[string]interface{}{"image": "golane/" + src.App, "tag": "v1"})
}

type PlatformConfig struct {
	URL string `hcl:"url"`
}

type Platform struct{ config PlatformConfig }

func (p *Platform) Config() (interface{}, error) { return &p.config, nil }
func (p *Platform) DeployFunc() interface{}      { return p.deploy }

func (p *Platform) deploy(_ context.Context, c *component.DeploymentConfig) (*Thing, error) {
	return thing(map[string]interface{}{"url": p.config.URL, "version": fmt.Sprint(c.Sequence)})
}

func (p *Platform) StatusFunc() interface{} { return p.status }

func (p *Platform) status(_ context.Context, _ *structpb.Struct) (*pb.StatusReport, error) {
	return &pb.StatusReport{Health: pb.StatusReport_READY, GeneratedTime: timestamppb.Now()}, nil
}

type ReleaserConfig struct {
	File  string `hcl:"file"`
	Slow  bool   `hcl:"slow,optional"`
	Ports []int  `hcl:"ports,optional"`
}

type Releaser struct{ config ReleaserConfig }

func (r *Releaser) Config() (interface{}, error)      { return &r.config, nil }
func (r *Releaser) ReleaseFunc() interface{}          { return r.release }
func (r *Releaser) StatusFunc() interface{}           { return r.status }
func (r *Releaser) DestroyFunc() interface{}          { return r.destroy }
func (r *Releaser) DestroyWorkspaceFunc() interface{} { return r.destroyWorkspace }

func (r *Releaser) release(
	ctx context.Context, ui terminal.UI, log hclog.Logger, job *component.JobInfo, target *structpb.Struct,
	declared *component.DeclaredResourcesResp,
) (*Thing, error) {
	version := target.Fields["version"].GetStringValue()
	steps := ui.StepGroup()
	step := steps.Add("golane gives the traffic to version %s", version)
	log.Info("golane releases", "workspace", job.Workspace)
	if r.config.Slow {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Minute):
		}
	}
	if err := note(r.config.File, fmt.Sprintf("version %s %v", version, r.config.Ports)); err != nil {
		return nil, err
	}
	step.Done()
	steps.Wait()
	declared.DeclaredResources = append(declared.DeclaredResources, &pb.DeclaredResource{
		Name: "lane", Type: "route", Platform: "golane", StateJson: "{}",
	})
	return thing(map[string]interface{}{"url": "http://golane.test/" + version, "version": version})
}

func (r *Releaser) status(_ context.Context, released *structpb.Struct) (*pb.StatusReport, error) {
	return &pb.StatusReport{
		Health: pb.StatusReport_READY, HealthMessage: "version " + released.Fields["version"].GetStringValue(),
		GeneratedTime: timestamppb.Now(),
	}, nil
}

func (r *Releaser) destroy(_ context.Context, released *structpb.Struct) error {
	return note(r.config.File, "destroyed "+released.Fields["version"].GetStringValue())
}

func (r *Releaser) destroyWorkspace(_ context.Context, released *structpb.Struct) error {
	return note(r.config.File, "workspace destroyed")
}

func main() {
	sdk.Main(sdk.WithComponents(&Builder{}, &Platform{}, &Releaser{}))
}

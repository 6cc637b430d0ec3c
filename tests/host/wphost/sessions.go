package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/hashicorp/go-argmapper"
	"github.com/hashicorp/waypoint-plugin-sdk/component"
)

var errNoDeployment = errors.New("there is no such deployment")

// logs follows a log until the time is up, we are interrupted, or the plugin
// ends it. As in Waypoint, lines that come after the plugin's answer are lost.
func (h *host) logs(ctx context.Context) (event, error) {
	if h.target == nil {
		return nil, errNoDeployment
	}
	platform, err := start[component.LogPlatform](h, component.PlatformType)
	if err != nil {
		return nil, err
	}
	if len(h.arguments) > 0 {
		limit, err := time.ParseDuration(h.arguments[0])
		if err != nil {
			return nil, err
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	viewer := &component.LogViewer{StartingAt: time.Unix(0, 0), Output: make(chan component.LogEvent, 10)}
	done := make(chan error, 1)
	go func() {
		_, err := call[any](ctx, h, platform.LogsFunc(), h.target.as("deployment"), argmapper.Typed(viewer))
		done <- err
	}()
	for {
		select {
		case <-ctx.Done():
			return event{"ended_by": "host"}, nil
		case err := <-done:
			return event{"ended_by": "plugin"}, err
		case line := <-viewer.Output:
			emit("line", event{"partition": line.Partition, "time": line.Timestamp, "text": line.Message})
		}
	}
}

func (h *host) exec(ctx context.Context) (event, error) {
	if h.target == nil {
		return nil, errNoDeployment
	}
	platform, err := start[component.Execer](h, component.PlatformType)
	if err != nil {
		return nil, err
	}
	session := &component.ExecSessionInfo{Input: os.Stdin, Output: stdout, Error: stderr, Arguments: h.arguments}
	result, err := call[*component.ExecResult](ctx, h, platform.ExecFunc(),
		h.target.as("deployment"), h.state.Artifact.as("image"), argmapper.Typed(session))
	if err != nil {
		return nil, err
	}
	return event{"exit_code": result.ExitCode}, nil
}

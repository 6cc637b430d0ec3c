// Wphost is a small host for Waypoint plugins. It drives them with Waypoint's
// own Go code (waypoint-plugin-sdk, go-plugin, go-argmapper, HCL), in the order
// in which Waypoint 0.11.4 does, but without its server.
//
//	wphost -plugins DIRECTORIES -file waypoint.hcl -state FILE OPERATION [arguments]
//
//	init             start and configure every component that the file uses
//	build            build the artifact, and push it if the app has a registry
//	deploy           deploy it
//	release, status  of the newest deployment
//	logs [DURATION]  follow its log; without DURATION until interrupted
//	exec ARGUMENTS   run a command in it; stdin is its input
//	destroy          destroy all releases, all deployments, and what they share
//
// It prints events, one JSON object per line: log, ui, line (of an app's log),
// output (of a command, base64), and last either result or error. The exit code
// is 0, or 1 after an error; that of a command is in the result.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"google.golang.org/grpc/status"
)

var operations = map[string]func(*host, context.Context) (event, error){
	"init": (*host).init, "build": (*host).build, "deploy": (*host).deploy, "release": (*host).release,
	"status": (*host).status, "logs": (*host).logs, "exec": (*host).exec, "destroy": (*host).destroy,
}

func main() {
	h := &host{}
	flag.StringVar(&h.plugins, "plugins", "", "directories of plugins, in the form of PATH")
	flag.StringVar(&h.file, "file", "waypoint.hcl", "the project's file")
	flag.StringVar(&h.stateFile, "state", "wphost.json", "file that keeps artifact, deployments and releases")
	flag.StringVar(&h.workspace, "workspace", "default", "Waypoint's workspace")
	flag.BoolVar(&h.odr, "odr", false, "build as an on-demand runner does")
	flag.Uint64Var(&h.number, "deployment", 0, "number of the deployment to work on, if not the newest")
	flag.Parse()
	operation, ok := operations[flag.Arg(0)]
	if !ok {
		flag.Usage()
		os.Exit(2)
	}
	h.arguments = flag.Args()[1:]
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	result, err := run(ctx, h, operation)
	if err != nil {
		problem := event{"text": err.Error(), "code": ""}
		if s, ok := status.FromError(err); ok {
			problem["text"], problem["code"] = s.Message(), s.Code().String()
		}
		emit("error", problem)
		os.Exit(1)
	}
	emit("result", result)
}

// run does one operation between loading and saving the state. A failed
// operation saves it too: Waypoint's server also knows what has begun.
func run(ctx context.Context, h *host, operation func(*host, context.Context) (event, error)) (event, error) {
	defer h.close()
	if err := h.load(); err != nil {
		return nil, err
	}
	result, err := operation(h, ctx)
	if err := h.state.save(h.stateFile); err != nil {
		return nil, fmt.Errorf("the state is lost: %w", err)
	}
	return result, err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/fatih/color"
	"github.com/hashicorp/go-argmapper"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/waypoint-plugin-sdk/component"
	"github.com/hashicorp/waypoint-plugin-sdk/datadir"
	"github.com/hashicorp/waypoint-plugin-sdk/internal-shared/pluginclient"
	"github.com/hashicorp/waypoint-plugin-sdk/internal-shared/protomappers"
	"github.com/hashicorp/waypoint-plugin-sdk/terminal"
	"github.com/zclconf/go-cty/cty"
)

// host is Waypoint during one operation on one app.
type host struct {
	plugins, file, stateFile, workspace string
	number                              uint64
	odr                                 bool // play an on-demand runner
	arguments                           []string

	app     app
	state   *state
	target  *record                     // the deployment to work on; nil if there is none
	config  *component.DeploymentConfig // empty but while deploying
	common  []argmapper.Arg             // what every function of a plugin may ask for
	mappers []*argmapper.Func
	closers []func()
}

// load reads file and state, and collects what plugins may ask for.
func (h *host) load() error {
	var err error
	if h.file, err = filepath.Abs(h.file); err != nil {
		return err
	}
	project, err := readProject(h.file)
	if err != nil {
		return err
	}
	h.app = project.Apps[0]
	if h.state, err = loadState(h.stateFile); err != nil {
		return err
	}
	h.target, h.config = newest(h.state.Deployments, h.number), &component.DeploymentConfig{}
	data, err := datadir.NewProject(h.stateFile + ".data")
	if err != nil {
		return err
	}
	dir, err := data.App(h.app.Name)
	if err != nil {
		return err
	}
	log := hclog.New(&hclog.LoggerOptions{Name: "wphost", Level: hclog.Debug, JSONFormat: true, Output: logged})
	hclog.SetDefault(log)
	color.Output = shown
	var screen terminal.UI = ui{terminal.NonInteractiveUI(context.Background())}
	if h.odr {
		screen = remote{screen}
	}
	job := &component.JobInfo{Local: !h.odr, Workspace: h.workspace, Project: project.Name, App: h.app.Name}
	labels := &component.LabelSet{Labels: map[string]string{"waypoint/workspace": h.workspace}}
	h.common = []argmapper.Arg{argmapper.Typed(log, h.source(), job, dir, screen), argmapper.Named("labels", labels)}
	h.mappers, err = argmapper.NewFuncList(protomappers.All, argmapper.Logger(log))
	if err != nil {
		return err
	}
	return h.loadMappers()
}

func (h *host) source() *component.Source {
	return &component.Source{App: h.app.Name, Path: filepath.Join(filepath.Dir(h.file), h.app.Path)}
}

func (h *host) close() {
	for _, end := range h.closers {
		end()
	}
}

// loadMappers collects the conversions that the plugins offer. A plugin that
// offers none is ended again.
func (h *host) loadMappers() error {
	seen := map[string]bool{}
	for _, use := range h.app.uses() {
		if seen[use.Plugin] {
			continue
		}
		seen[use.Plugin] = true
		client, err := h.launch(use.Plugin, component.MapperType)
		if err != nil {
			return err
		}
		mappers, err := pluginclient.Mappers(client)
		if err != nil {
			return err
		}
		if len(mappers) == 0 {
			client.Kill()
		}
		h.mappers = append(h.mappers, mappers...)
	}
	return nil
}

// launch prepares a process of a plugin; it lives as long as the operation. The
// first directory that has the program wins, as in Waypoint.
func (h *host) launch(name string, kind component.Type) (*plugin.Client, error) {
	for _, directory := range filepath.SplitList(h.plugins) {
		program := filepath.Join(directory, "waypoint-plugin-"+name)
		if _, err := os.Stat(program); err != nil {
			continue
		}
		log := hclog.L().Named(strings.ToLower(kind.String()))
		config := pluginclient.ClientConfig(log, h.odr)
		config.Cmd, config.Logger = exec.Command(program), log
		client := plugin.NewClient(config)
		h.closers = append(h.closers, client.Kill)
		return client, nil
	}
	return nil, fmt.Errorf("no waypoint-plugin-%s in %q", name, h.plugins)
}

var errUnimplemented = errors.New("no plugin of the app implements this")

// start gives a component in a process of its own, configured by its stanza.
//
// It fails with errUnimplemented if the app does not use such a component.
func start[T any](h *host, kind component.Type) (T, error) {
	var none T
	use, ok := h.app.uses()[kind]
	if !ok {
		return none, errUnimplemented
	}
	client, err := h.launch(use.Plugin, kind)
	if err != nil {
		return none, err
	}
	protocol, err := client.Client()
	if err != nil {
		return none, err
	}
	raw, err := protocol.Dispense(strings.ToLower(kind.String()))
	if err != nil {
		return none, err
	}
	known, err := h.variables()
	if err != nil {
		return none, err
	}
	if problems := component.Configure(raw, use.Body, known); problems.HasErrors() {
		return none, problems
	}
	if c, ok := raw.(T); ok {
		return c, nil
	}
	return none, errUnimplemented
}

// variables gives what a stanza may refer to. Waypoint offers less of it in some
// operations, for instance no artifact in logs.
func (h *host) variables() (*hcl.EvalContext, error) {
	artifact, err := h.state.Artifact.template()
	if err != nil {
		return nil, err
	}
	deploy, err := h.target.template()
	return &hcl.EvalContext{Variables: map[string]cty.Value{
		"app":        object(map[string]string{"name": h.app.Name}),
		"workspace":  object(map[string]string{"name": h.workspace}),
		"path":       object(map[string]string{"project": filepath.Dir(h.file), "app": h.source().Path}),
		"entrypoint": cty.ObjectVal(map[string]cty.Value{"env": object(h.config.Env())}),
		"artifact":   artifact,
		"deploy":     deploy,
	}}, err
}

// call runs a function of a component. Argmapper chooses the arguments that it
// asks for, among those given and the common ones, and converts them.
//
// It fails with errUnimplemented if there is no function.
func call[T any](ctx context.Context, h *host, function any, arguments ...argmapper.Arg) (T, error) {
	var none T
	if function == nil {
		return none, errUnimplemented
	}
	mapped, ok := function.(*argmapper.Func)
	if !ok { // the SDK could not learn the arguments, and gives a function that says why
		var err error
		if mapped, err = argmapper.NewFunc(function); err != nil {
			return none, err
		}
	}
	arguments = append(arguments, h.common...)
	result := mapped.Call(append(arguments, argmapper.Typed(ctx), argmapper.ConverterFunc(h.mappers...))...)
	if err := result.Err(); err != nil {
		return none, err
	}
	if result.Len() == 0 { // of logs and of destroying
		return none, nil
	}
	answer, ok := result.Out(0).(T)
	if !ok {
		return none, fmt.Errorf("the plugin has answered %T instead of %T", result.Out(0), none)
	}
	return answer, nil
}

// keep runs a function like call does, and makes a record of its result.
func keep[T any](ctx context.Context, h *host, function any, arguments ...argmapper.Arg) (T, *record, error) {
	result, err := call[T](ctx, h, function, arguments...)
	if err != nil {
		return result, nil, err
	}
	r, err := newRecord(result)
	return result, r, err
}

package main

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/waypoint-plugin-sdk/component"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// project is a waypoint.hcl, as far as it concerns plugins. The bodies of `use`
// stay undecoded: only the plugin knows their shape.
type project struct {
	Name   string   `hcl:"project"`
	Apps   []app    `hcl:"app,block"`
	Remain hcl.Body `hcl:",remain"`
}

type app struct {
	Name    string   `hcl:"name,label"`
	Path    string   `hcl:"path,optional"`
	Build   *stage   `hcl:"build,block"`
	Deploy  *stage   `hcl:"deploy,block"`
	Release *stage   `hcl:"release,block"`
	Remain  hcl.Body `hcl:",remain"`
}

type stage struct {
	Use      use      `hcl:"use,block"`
	Registry *stage   `hcl:"registry,block"` // of build only
	Remain   hcl.Body `hcl:",remain"`
}

type use struct {
	Plugin string   `hcl:"plugin,label"`
	Body   hcl.Body `hcl:",remain"`
}

func readProject(path string) (*project, error) {
	file, problems := hclparse.NewParser().ParseHCLFile(path)
	if problems.HasErrors() {
		return nil, problems
	}
	p := &project{}
	if problems := gohcl.DecodeBody(file.Body, nil, p); problems.HasErrors() {
		return nil, problems
	}
	if len(p.Apps) != 1 {
		return nil, fmt.Errorf("%s: wphost wants exactly one app", path)
	}
	return p, nil
}

// uses gives the stanza of each component that the app has.
func (a app) uses() map[component.Type]use {
	found := map[component.Type]use{}
	for kind, stage := range map[component.Type]*stage{
		component.BuilderType: a.Build, component.PlatformType: a.Deploy, component.ReleaseManagerType: a.Release,
	} {
		if stage != nil {
			found[kind] = stage.Use
		}
	}
	if a.Build != nil && a.Build.Registry != nil {
		found[component.RegistryType] = a.Build.Registry.Use
	}
	return found
}

// template gives what a plugin has published of an earlier result to stanzas.
func (r *record) template() (cty.Value, error) {
	if r == nil || len(r.Template) == 0 {
		return cty.EmptyObjectVal, nil
	}
	kind, err := ctyjson.ImpliedType(r.Template)
	if err != nil {
		return cty.NilVal, err
	}
	return ctyjson.Unmarshal(r.Template, kind)
}

// object makes an HCL object of texts.
func object(texts map[string]string) cty.Value {
	values := map[string]cty.Value{}
	for name, text := range texts {
		values[name] = cty.StringVal(text)
	}
	return cty.ObjectVal(values)
}

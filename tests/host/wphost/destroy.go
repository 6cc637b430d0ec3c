package main

import (
	"context"
	"errors"
	"slices"

	"github.com/hashicorp/go-argmapper"
	"github.com/hashicorp/waypoint-plugin-sdk/component"
)

// destroy removes the releases, then the deployments, the newest first, then
// what they have shared.
func (h *host) destroy(ctx context.Context) (event, error) {
	platform := func() (any, error) { return start[component.Platform](h, component.PlatformType) }
	releaser := func() (any, error) { return h.releaser(ctx) }
	left, destroyed := []string{}, []string{}
	each := func(create func() (any, error), name string, records []*record) error {
		for _, r := range slices.Backward(records) {
			if r.Destroyed {
				continue
			}
			r.Destroyed = true // before the call: Waypoint forgets a destroy that fails
			c, err := create()
			if d, ok := c.(component.Destroyer); ok && err == nil {
				declared, gone := &component.DeclaredResourcesResp{}, &component.DestroyedResourcesResp{}
				_, err = call[any](ctx, h, d.DestroyFunc(), r.as(name), argmapper.Typed(declared, gone))
				left = append(left, names(declared.DeclaredResources)...)
				destroyed = append(destroyed, names(gone.DestroyedResources)...)
			}
			if err != nil && !errors.Is(err, errUnimplemented) {
				return err
			}
		}
		return nil
	}
	shared := func(create func() (any, error), name string, records []*record) error {
		if len(records) == 0 {
			return nil
		}
		c, err := create()
		if d, ok := c.(component.WorkspaceDestroyer); ok && err == nil {
			_, err = call[any](ctx, h, d.DestroyWorkspaceFunc(), records[len(records)-1].as(name))
		}
		if errors.Is(err, errUnimplemented) {
			return nil
		}
		return err
	}
	for _, part := range []func(func() (any, error), string, []*record) error{each, shared} {
		if err := part(releaser, "release", h.state.Releases); err != nil {
			return nil, err
		}
		if err := part(platform, "deployment", h.state.Deployments); err != nil {
			return nil, err
		}
	}
	return event{"left": left, "destroyed": destroyed}, nil
}

// names of declared or destroyed resources.
func names[R interface{ GetName() string }](resources []R) []string {
	found := []string{}
	for _, r := range resources {
		found = append(found, r.GetName())
	}
	return found
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashicorp/go-argmapper"
	"github.com/hashicorp/opaqueany"
	"github.com/hashicorp/waypoint-plugin-sdk/component"
	sdk "github.com/hashicorp/waypoint-plugin-sdk/proto/gen"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

func (h *host) init(context.Context) (event, error) {
	configured := event{}
	for kind, use := range h.app.uses() {
		c, err := start[component.Documented](h, kind)
		if err != nil {
			return nil, err
		}
		if _, err := c.Documentation(); err != nil {
			return nil, err
		}
		configured[kind.String()] = use.Plugin
	}
	return configured, nil
}

// build asks a registry for access first, as Waypoint does: it must be given
// before there is an artifact.
func (h *host) build(ctx context.Context) (event, error) {
	registry, err := start[component.Registry](h, component.RegistryType)
	if err != nil && !errors.Is(err, errUnimplemented) {
		return nil, err
	}
	arguments := []argmapper.Arg{argmapper.Named("HasRegistry", registry != nil)}
	access := ""
	if registry != nil {
		given, err := h.access(ctx, registry)
		if err != nil {
			return nil, err
		}
		access = string(given.MessageName())
		arguments = append(arguments, argmapper.NamedSubtype("access_info", given, access))
	}
	builder, err := start[component.Builder](h, component.BuilderType)
	if err != nil {
		return nil, err
	}
	result, r, err := keep[component.Artifact](ctx, h, builder.BuildFunc(), arguments...)
	if err != nil {
		return nil, err
	}
	labels := result.Labels()
	if registry != nil {
		if _, r, err = keep[component.Artifact](ctx, h, registry.PushFunc(), r.as("artifact")); err != nil {
			return nil, err
		}
	}
	h.state.Artifact = r
	return event{"type": r.Message.TypeUrl, "template": r.Template, "labels": labels, "access": access}, nil
}

// access gives what a registry lets builders push with.
func (h *host) access(ctx context.Context, registry component.Registry) (*opaqueany.Any, error) {
	giver, ok := registry.(component.RegistryAccess)
	if !ok {
		return nil, errUnimplemented
	}
	given, err := call[any](ctx, h, giver.AccessInfoFunc())
	if err != nil {
		return nil, err
	}
	typed, ok := given.(interface{ TypedAny() *opaqueany.Any })
	if !ok {
		return nil, fmt.Errorf("the registry has given %T", given)
	}
	return typed.TypedAny(), nil
}

// deploy asks for the generation, then starts the platform anew, as the number
// of the deployment is not known before.
func (h *host) deploy(ctx context.Context) (event, error) {
	if h.state.Artifact == nil {
		return nil, errors.New("there is no artifact; run build first")
	}
	artifact := h.state.Artifact.as("artifact")
	generation := []byte{}
	g, err := start[component.Generation](h, component.PlatformType)
	if err == nil {
		generation, err = call[[]byte](ctx, h, g.GenerationFunc(), artifact, argmapper.Typed(h.config))
	}
	if err != nil && !errors.Is(err, errUnimplemented) {
		return nil, err
	}
	h.state.Sequence++
	h.config.Sequence = h.state.Sequence
	if h.config.Id, err = component.Id(); err != nil {
		return nil, err
	}
	platform, err := start[component.Platform](h, component.PlatformType)
	if err != nil {
		return nil, err
	}
	declared := &component.DeclaredResourcesResp{}
	result, r, err := keep[component.DeploymentWithUrl](ctx, h, platform.DeployFunc(),
		artifact, argmapper.Typed(h.config, declared))
	if err != nil {
		return nil, err
	}
	r.ID, r.Sequence = h.config.Id, h.config.Sequence
	h.state.Deployments = append(h.state.Deployments, r)
	return event{
		"id": r.ID, "sequence": r.Sequence, "generation": string(generation), "template": r.Template,
		"url": result.URL(), "declared": names(declared.DeclaredResources),
	}, nil
}

func (h *host) release(ctx context.Context) (event, error) {
	if h.target == nil {
		return nil, errNoDeployment
	}
	releaser, err := h.releaser(ctx)
	if err != nil {
		return nil, err
	}
	declared := &component.DeclaredResourcesResp{}
	result, r, err := keep[component.Release](ctx, h, releaser.ReleaseFunc(),
		h.target.as("target"), argmapper.Typed(declared))
	if err != nil {
		return nil, err
	}
	r.ID, r.Sequence = h.target.ID, h.target.Sequence
	h.state.Releases = append(h.state.Releases, r)
	return event{
		"sequence": r.Sequence, "template": r.Template,
		"url": result.URL(), "declared": names(declared.DeclaredResources),
	}, nil
}

// releaser gives the app's release manager, else the platform's default one.
func (h *host) releaser(ctx context.Context) (component.ReleaseManager, error) {
	own, err := start[component.ReleaseManager](h, component.ReleaseManagerType)
	if !errors.Is(err, errUnimplemented) {
		return own, err
	}
	platform, err := start[component.PlatformReleaser](h, component.PlatformType)
	if err != nil {
		return nil, err
	}
	return call[component.ReleaseManager](ctx, h, platform.DefaultReleaserFunc())
}

// status reports on the deployment, and on its release if the app has a release
// manager of its own: for Waypoint a default one has no status.
func (h *host) status(ctx context.Context) (event, error) {
	reports := event{}
	for kind, target := range map[component.Type]*record{
		component.PlatformType:       h.target,
		component.ReleaseManagerType: newest(h.state.Releases, h.number),
	} {
		if target == nil {
			continue
		}
		var last *sdk.StatusReport // nil the first time, but given then, too
		if target.Report != nil {
			last = &sdk.StatusReport{}
			if err := proto.Unmarshal(target.Report, last); err != nil {
				return nil, err
			}
		}
		c, err := start[component.Status](h, kind)
		if errors.Is(err, errUnimplemented) {
			continue
		}
		if err != nil {
			return nil, err
		}
		report, err := call[*sdk.StatusReport](ctx, h, c.StatusFunc(),
			target.as("target"), argmapper.Named("last_report", last))
		if err != nil {
			return nil, err
		}
		if target.Report, err = proto.Marshal(report); err != nil {
			return nil, err
		}
		reports[kind.String()] = json.RawMessage(protojson.Format(report))
	}
	return reports, nil
}

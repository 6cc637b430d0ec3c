// Package upstream compares the contracts that we wrote with those that
// Waypoint and go-plugin are made of.
package upstream

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bufbuild/protocompile"
	_ "github.com/hashicorp/go-plugin"
	_ "github.com/hashicorp/opaqueany"
	_ "github.com/hashicorp/protostructure"
	_ "github.com/hashicorp/waypoint-plugin-sdk/proto/gen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

const waypoint = "github.com/hashicorp/waypoint@v0.11.4"

// compared are the packages of ours that have to be equal to somebody else's.
var compared = map[protoreflect.FullName]bool{
	"hashicorp.waypoint.sdk": true,
	"plugin":                 true,
	"opaqueany":              true,
	"protostructure":         true,
	"docker":                 true,
}

// undeclared are upstream's elements that we leave out, with the reason.
var undeclared = map[string]string{}

// TestContractsEqualUpstream holds every message, field, enum value, service
// and method that we declare against the one of the same name upstream.
func TestContractsEqualUpstream(t *testing.T) {
	upstream := describe(t, upstreamFiles(t))
	ours := describe(t, ourFiles(t))
	if len(ours) < 100 {
		t.Fatalf("only %d elements found in our contracts; something was not read", len(ours))
	}
	for name, text := range ours {
		theirs, known := upstream[name]
		switch {
		case !known:
			t.Errorf("%s: we declare it, upstream does not", name)
		case theirs != text:
			t.Errorf("%s differs\n  ours:     %s\n  upstream: %s", name, text, theirs)
		}
	}
}

// TestNothingOfTheSdkIsMissing makes sure that we left nothing of Waypoint's
// own contract out.
func TestNothingOfTheSdkIsMissing(t *testing.T) {
	ours := describe(t, ourFiles(t))
	for name := range describe(t, upstreamFiles(t)) {
		if !strings.HasPrefix(name, "hashicorp.waypoint.sdk.") {
			continue
		}
		if _, declared := ours[name]; !declared && undeclared[name] == "" {
			t.Errorf("%s: upstream declares it, we do not", name)
		}
	}
}

// ourFiles reads the FileDescriptorSet that WAYPAAS_DESCRIPTORS names.
func ourFiles(t *testing.T) []protoreflect.FileDescriptor {
	t.Helper()
	data, err := os.ReadFile(os.Getenv("WAYPAAS_DESCRIPTORS"))
	if err != nil {
		t.Fatalf("WAYPAAS_DESCRIPTORS must name a FileDescriptorSet of proto/: %v", err)
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(data, &set); err != nil {
		t.Fatal(err)
	}
	files, err := protodesc.NewFiles(&set)
	if err != nil {
		t.Fatal(err)
	}
	var found []protoreflect.FileDescriptor
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		found = append(found, file)
		return true
	})
	return found
}

// upstreamFiles gives what the imported modules registered, and the docker
// plugin's contract, compiled from its module's source: importing that plugin
// would bring Docker with it.
func upstreamFiles(t *testing.T) []protoreflect.FileDescriptor {
	t.Helper()
	var found []protoreflect.FileDescriptor
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		found = append(found, file)
		return true
	})
	directory := func(module string) string {
		out, err := exec.Command("go", "mod", "download", "-json", module).Output()
		if err != nil {
			t.Fatalf("module %s: %v", module, err)
		}
		for _, line := range strings.Split(string(out), "\n") {
			if rest, ok := strings.CutPrefix(strings.TrimSpace(line), `"Dir": "`); ok {
				return strings.TrimSuffix(strings.TrimSuffix(rest, ","), `"`)
			}
		}
		t.Fatalf("module %s has no directory", module)
		return ""
	}
	anyDirectory := directory("github.com/hashicorp/opaqueany@v0.0.0-20220321170339-a5c6ff5bb0ec")
	compiler := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{
		ImportPaths: []string{filepath.Join(directory(waypoint), "builtin", "docker"), anyDirectory},
	})}
	files, err := compiler.Compile(context.Background(), "plugin.proto")
	if err != nil {
		t.Fatal(err)
	}
	return append(found, files[0])
}

// describe writes every element of the compared packages as one line, by its
// full name.
func describe(t *testing.T, files []protoreflect.FileDescriptor) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, file := range files {
		if !compared[file.Package()] {
			continue
		}
		enums(found, file.Enums())
		messages(found, file.Messages())
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			found[string(service.FullName())] = "service"
			for j := range service.Methods().Len() {
				found[string(service.Methods().Get(j).FullName())] = method(service.Methods().Get(j))
			}
		}
	}
	return found
}

func enums(found map[string]string, all protoreflect.EnumDescriptors) {
	for i := range all.Len() {
		enum := all.Get(i)
		found[string(enum.FullName())] = "enum"
		for j := range enum.Values().Len() {
			value := enum.Values().Get(j)
			found[string(enum.FullName())+"/"+string(value.Name())] = "value " + number(int(value.Number()))
		}
	}
}

func messages(found map[string]string, all protoreflect.MessageDescriptors) {
	for i := range all.Len() {
		message := all.Get(i)
		found[string(message.FullName())] = "message"
		for j := range message.Fields().Len() {
			found[string(message.Fields().Get(j).FullName())] = field(message.Fields().Get(j))
		}
		enums(found, message.Enums())
		messages(found, message.Messages())
	}
}

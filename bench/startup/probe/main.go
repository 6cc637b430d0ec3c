// Probe starts a Waypoint plugin as Waypoint does, once, and prints one line of
// JSON: nanoseconds from spawn to the handshake, to the first answered RPC, and
// to a dispensed platform with its options' shape, for which Waypoint asks eleven
// times; and the memory then (PSS, in KiB) of the process that was spawned, and of
// all processes of the same program and runtime directory.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/waypoint-plugin-sdk/component"
	"github.com/hashicorp/waypoint-plugin-sdk/internal-shared/pluginclient"
	"google.golang.org/protobuf/types/known/emptypb"
)

// taken is what the probe prints.
type taken struct {
	Handshake int64 `json:"handshake"`
	First     int64 `json:"first"`
	Dispensed int64 `json:"dispensed"`
	Spawned   int64 `json:"spawned"`
	All       int64 `json:"all"`
}

func main() {
	measured, err := probe(exec.Command(os.Args[1], os.Args[2:]...))
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(measured)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func probe(command *exec.Cmd) (taken, error) {
	var measured taken
	config := pluginclient.ClientConfig(hclog.NewNullLogger(), false)
	config.Cmd = command
	config.Logger = hclog.NewNullLogger()
	client := plugin.NewClient(config)
	defer client.Kill()
	begun := time.Now()
	if _, err := client.Start(); err != nil {
		return measured, err
	}
	measured.Handshake = time.Since(begun).Nanoseconds()
	protocol, err := client.Client()
	if err != nil {
		return measured, err
	}
	connection := protocol.(*plugin.GRPCClient).Conn
	const method = "/hashicorp.waypoint.sdk.Platform/IsDestroyer"
	if err := connection.Invoke(context.Background(), method, &emptypb.Empty{}, &emptypb.Empty{}); err != nil {
		return measured, err
	}
	measured.First = time.Since(begun).Nanoseconds()
	raw, err := protocol.Dispense("platform")
	if err != nil {
		return measured, err
	}
	if _, err := raw.(component.Configurable).Config(); err != nil {
		return measured, err
	}
	measured.Dispensed = time.Since(begun).Nanoseconds()
	measured.Spawned = memory(fmt.Sprint(command.Process.Pid))
	measured.All = all(command.Path)
	return measured, nil
}

// memory reads a process's share of the memory.
func memory(pid string) int64 {
	text, err := os.ReadFile(filepath.Join("/proc", pid, "smaps_rollup"))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(text, []byte("\nPss:"))
	var kib int64
	fmt.Sscan(string(rest), &kib)
	return kib
}

// all adds up the processes that run a program by our runtime directory: a front,
// its plugin, the standby and the plugin that it has forked ahead.
func all(program string) int64 {
	var sum int64
	own := fmt.Sprint(os.Getpid())
	runtime := []byte("XDG_RUNTIME_DIR=" + os.Getenv("XDG_RUNTIME_DIR") + "\x00")
	found, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range found {
		pid := filepath.Base(filepath.Dir(path))
		words, _ := os.ReadFile(path)
		environ, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "environ"))
		if pid != own && bytes.Contains(words, []byte(program+"\x00")) && bytes.Contains(environ, runtime) {
			sum += memory(pid)
		}
	}
	return sum
}

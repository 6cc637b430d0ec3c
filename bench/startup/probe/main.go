// Probe starts a Waypoint plugin as Waypoint does, once, and prints two numbers
// of nanoseconds: from spawn to the handshake, and from spawn to a dispensed
// platform with its options' shape.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/waypoint-plugin-sdk/component"
	"github.com/hashicorp/waypoint-plugin-sdk/internal-shared/pluginclient"
)

func main() {
	if err := probe(exec.Command(os.Args[1], os.Args[2:]...)); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func probe(command *exec.Cmd) error {
	config := pluginclient.ClientConfig(hclog.NewNullLogger(), false)
	config.Cmd = command
	config.Logger = hclog.NewNullLogger()
	client := plugin.NewClient(config)
	defer client.Kill()
	begun := time.Now()
	if _, err := client.Start(); err != nil {
		return err
	}
	handshake := time.Since(begun)
	protocol, err := client.Client()
	if err != nil {
		return err
	}
	raw, err := protocol.Dispense("platform")
	if err != nil {
		return err
	}
	if _, err := raw.(component.Configurable).Config(); err != nil {
		return err
	}
	fmt.Println(handshake.Nanoseconds(), time.Since(begun).Nanoseconds())
	return nil
}

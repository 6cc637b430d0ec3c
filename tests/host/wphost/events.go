package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/hashicorp/waypoint-plugin-sdk/terminal"
)

// event is what one line of output says, besides its kind.
type event map[string]any

var printing sync.Mutex

// emit prints an event. It is called from many goroutines.
func emit(kind string, said event) {
	printing.Lock()
	defer printing.Unlock()
	line := event{"event": kind}
	for name, value := range said {
		line[name] = value
	}
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		panic(err)
	}
}

// writer makes events of what is written to it.
type writer func(data []byte)

func (w writer) Write(data []byte) (int, error) {
	w(data)
	return len(data), nil
}

var (
	// logged takes hclog's JSON, of ourselves and of plugins: one line per call.
	logged = writer(func(data []byte) {
		said := event{}
		if err := json.Unmarshal(data, &said); err != nil {
			said["@message"] = string(data)
		}
		emit("log", said)
	})
	shown          = writer(func(data []byte) { emit("ui", event{"text": string(data)}) })
	stdout, stderr = output("stdout"), output("stderr")
)

// output takes a command's raw bytes, which need not be text.
func output(stream string) writer {
	return func(data []byte) { emit("output", event{"stream": stream, "data": data}) }
}

// ui is Waypoint's terminal of `-plain`, which writes to color.Output. Only for
// raw output it insists on the real stdout.
type ui struct{ terminal.UI }

func (ui) OutputWriters() (io.Writer, io.Writer, error) { return shown, shown, nil }

// remote is what a runner elsewhere gives to plugins: lines and steps are formats
// for it, and then once more for the command line, as in Waypoint's
// internal/runner/ui.go and internal/jobstream/ui.go.
type remote struct{ terminal.UI }

func (r remote) Output(message string, raw ...any) {
	message, style, _ := terminal.Interpret(message, raw...)
	r.UI.Output(message, terminal.WithStyle(style))
}

func (r remote) StepGroup() terminal.StepGroup { return group{r.UI.StepGroup()} }

type group struct{ terminal.StepGroup }

func (g group) Add(message string, arguments ...any) terminal.Step {
	return step{g.StepGroup.Add(fmt.Sprintf(message, arguments...))}
}

type step struct{ terminal.Step }

func (s step) Update(message string, arguments ...any) {
	s.Step.Update(fmt.Sprintf(message, arguments...))
}

package main

import (
	"encoding/json"
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

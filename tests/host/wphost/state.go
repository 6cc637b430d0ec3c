package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"github.com/hashicorp/go-argmapper"
	"github.com/hashicorp/opaqueany"
	"github.com/hashicorp/waypoint-plugin-sdk/component"
)

// state is what Waypoint's server would remember between operations.
type state struct {
	Sequence    uint64
	Artifact    *record
	Deployments []*record
	Releases    []*record
}

// record is a plugin's result: a message that is opaque to us, and what we know
// about it.
type record struct {
	ID        string
	Sequence  uint64 // of a deployment; a release has that of its deployment
	Destroyed bool
	Message   *opaqueany.Any
	Template  json.RawMessage // what the plugin offers to stanzas
	Report    []byte          // the last status report
}

func loadState(path string) (*state, error) {
	s := &state{}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	return s, json.Unmarshal(text, s)
}

func (s *state) save(path string) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// newRecord takes from a result what Waypoint's doOperation takes.
func newRecord(result any) (*record, error) {
	message, err := component.ProtoAny(result)
	if err != nil {
		return nil, err
	}
	r := &record{Message: message}
	if t, ok := result.(component.Template); ok {
		r.Template, err = json.Marshal(t.TemplateData())
	}
	return r, err
}

// as names the message as an argument of a plugin's function. The plugin asks
// for it by its type, which is argmapper's subtype.
func (r *record) as(name string) argmapper.Arg {
	return argmapper.NamedSubtype(name, r.Message, string(r.Message.MessageName()))
}

// newest gives the last record that is not destroyed, or with a number the last
// that has it; nil if there is none.
func newest(records []*record, number uint64) *record {
	for i := len(records) - 1; i >= 0; i-- {
		if r := records[i]; !r.Destroyed && (number == 0 || r.Sequence == number) {
			return r
		}
	}
	return nil
}

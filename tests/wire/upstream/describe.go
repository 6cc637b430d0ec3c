package upstream

import (
	"fmt"
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// field writes all of a field that matters on the wire.
func field(f protoreflect.FieldDescriptor) string {
	kind := f.Kind().String()
	switch {
	case f.Message() != nil:
		kind = string(f.Message().FullName())
	case f.Enum() != nil:
		kind = string(f.Enum().FullName())
	}
	oneof := ""
	if f.ContainingOneof() != nil {
		oneof = " oneof " + string(f.ContainingOneof().Name())
	}
	return fmt.Sprintf("%s %s = %d json %s%s", f.Cardinality(), kind, f.Number(), f.JSONName(), oneof)
}

// method writes a method's types, and which of them are streams.
func method(m protoreflect.MethodDescriptor) string {
	return fmt.Sprintf("(%s stream=%t) returns (%s stream=%t)",
		m.Input().FullName(), m.IsStreamingClient(), m.Output().FullName(), m.IsStreamingServer())
}

func number(n int) string {
	return strconv.Itoa(n)
}

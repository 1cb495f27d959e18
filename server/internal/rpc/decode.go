package rpc

import (
	"bytes"
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	grpcproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// undecodable is the unknown field that stands for bytes that do not decode. A
// caller who sends it is refused in the same words.
var undecodable = protowire.AppendVarint(protowire.AppendTag(nil, protowire.MaxValidNumber, protowire.VarintType), 0)

// codec puts off the error of bytes that do not decode until strict looks at the
// message: gRPC itself answers INTERNAL for it, and has sent that before any
// handler or interceptor could say otherwise.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(grpcproto.Name)} }

// Unmarshal implements encoding.CodecV2.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	err := c.CodecV2.Unmarshal(data, v)
	m, ok := v.(proto.Message)
	if err == nil || !ok {
		return err
	}
	proto.Reset(m)
	m.ProtoReflect().SetUnknown(undecodable)
	return nil
}

// strict wraps a registrar so that every handler answers bytes that do not
// decode, and fields that no one knows, with INVALID_ARGUMENT. gRPC ignores the
// second: a caller would believe that a field it set had an effect.
type strict struct{ grpc.ServiceRegistrar }

// RegisterService registers a copy of desc with its handlers wrapped.
func (s strict) RegisterService(desc *grpc.ServiceDesc, impl any) {
	d := *desc
	d.Methods = make([]grpc.MethodDesc, len(desc.Methods))
	for i, m := range desc.Methods {
		d.Methods[i] = grpc.MethodDesc{MethodName: m.MethodName, Handler: strictUnary(m.Handler)}
	}
	d.Streams = make([]grpc.StreamDesc, len(desc.Streams))
	for i, st := range desc.Streams {
		d.Streams[i] = st
		d.Streams[i].Handler = strictStream(st.Handler)
	}
	s.ServiceRegistrar.RegisterService(&d, impl)
}

func strictUnary(h grpc.MethodHandler) grpc.MethodHandler {
	return func(srv any, ctx context.Context, decode func(any) error, in grpc.UnaryServerInterceptor) (any, error) {
		return h(srv, ctx, func(m any) error {
			err := decode(m) // which also waits for it
			received(ctx)
			return checkDecoded(m, err)
		}, in)
	}
}

func strictStream(h grpc.StreamHandler) grpc.StreamHandler {
	return func(srv any, stream grpc.ServerStream) error { return h(srv, strictServerStream{stream}) }
}

type strictServerStream struct{ grpc.ServerStream }

// RecvMsg implements grpc.ServerStream.
func (s strictServerStream) RecvMsg(m any) error {
	err := s.ServerStream.RecvMsg(m)
	received(s.Context())
	return checkDecoded(m, err)
}

// checkDecoded refuses what codec let pass, and unknown fields.
func checkDecoded(m any, err error) error {
	if err != nil {
		return err
	}
	msg, ok := m.(proto.Message)
	if !ok {
		return status.Error(codes.Internal, "no protobuf message")
	}
	if bytes.Equal(msg.ProtoReflect().GetUnknown(), undecodable) {
		return invalidMessage("the message does not decode")
	}
	if name, found := unknownField(msg.ProtoReflect()); found {
		return invalidMessage("unknown field in " + name)
	}
	return nil
}

// unknownField returns the name of the first message that holds one. The depth
// is bounded by that of the contract's own messages.
func unknownField(m protoreflect.Message) (name string, found bool) {
	if len(m.GetUnknown()) > 0 {
		return string(m.Descriptor().FullName()), true
	}
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if fd.Message() == nil || fd.IsMap() {
			return true // the contract has no map of messages
		}
		if !fd.IsList() {
			name, found = unknownField(v.Message())
			return !found
		}
		for i := range v.List().Len() {
			if name, found = unknownField(v.List().Get(i).Message()); found {
				return false
			}
		}
		return true
	})
	return name, found
}

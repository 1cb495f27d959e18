package rpc

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// strict wraps a registrar so that every handler answers bytes that do not
// decode, and fields that no one knows, with INVALID_ARGUMENT. gRPC itself
// answers INTERNAL for the first, before any interceptor, and ignores the
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
		return h(srv, ctx, func(m any) error { return checkDecoded(m, decode(m)) }, in)
	}
}

func strictStream(h grpc.StreamHandler) grpc.StreamHandler {
	return func(srv any, stream grpc.ServerStream) error { return h(srv, strictServerStream{stream}) }
}

type strictServerStream struct{ grpc.ServerStream }

// RecvMsg implements grpc.ServerStream.
func (s strictServerStream) RecvMsg(m any) error {
	return checkDecoded(m, s.ServerStream.RecvMsg(m))
}

// checkDecoded turns gRPC's error for bytes that do not decode into ours, and
// looks for unknown fields in what did decode.
func checkDecoded(m any, err error) error {
	if err != nil {
		if errors.Is(err, io.EOF) || status.Code(err) != codes.Internal {
			return err
		}
		return invalidMessage("the message does not decode")
	}
	msg, ok := m.(proto.Message)
	if !ok {
		return status.Error(codes.Internal, "no protobuf message")
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

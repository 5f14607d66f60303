package koderid

import (
	"context"
	"crypto/rand"
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// requestIDInterceptor gives every create a request id, unless the caller chose one. To a repeat with the same id the
// server answers the first result, which is what makes a create safe to send again.
func requestIDInterceptor() connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
			message, ok := request.Any().(proto.Message)
			// A read that has a field of that name looks for something by it.
			if !ok || request.Spec().IdempotencyLevel == connect.IdempotencyNoSideEffects {
				return next(ctx, request)
			}
			field := requestIDField(message)
			if field == nil || message.ProtoReflect().Get(field).String() != "" {
				return next(ctx, request)
			}
			message = proto.Clone(message)
			message.ProtoReflect().Set(field, protoreflect.ValueOfString(newUUID()))
			return next(ctx, withMessage(request, message))
		}
	}
}

// hasRequestID says whether a message carries a request id.
func hasRequestID(message any) bool {
	if message, ok := message.(proto.Message); ok {
		field := requestIDField(message)
		return field != nil && message.ProtoReflect().Get(field).String() != ""
	}
	return false
}

func requestIDField(message proto.Message) protoreflect.FieldDescriptor {
	field := message.ProtoReflect().Descriptor().Fields().ByName("request_id")
	if field == nil || field.Kind() != protoreflect.StringKind || field.IsList() {
		return nil
	}
	return field
}

// newUUID is a random UUID (RFC 9562 §5.4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // Never fails (crypto/rand).
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

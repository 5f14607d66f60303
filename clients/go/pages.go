package koderid

import (
	"context"
	"errors"
	"iter"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Pages gives every item of a listing, page after page, each fetched when the one before is used up:
//
//	list := koderid.Pages(ctx, client.Users.ListUsers, &identityv1.ListUsersRequest{}, (*identityv1.ListUsersResponse).GetUsers)
//	for user, err := range list {
//		if err != nil { … }
//	}
//
// It starts at the request's page_token, again each time that it is ranged over, and does not change the request. An
// error ends it. The deadline of the client holds for each page, one of ctx for all of them.
func Pages[
	Request, Response, Item any,
	RequestPointer interface {
		*Request
		proto.Message
		GetPageToken() string
	},
	ResponsePointer interface {
		*Response
		GetNextPageToken() string
	},
](
	ctx context.Context,
	list func(context.Context, *connect.Request[Request]) (*connect.Response[Response], error),
	request RequestPointer,
	items func(ResponsePointer) []Item,
) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		var none Item
		page := request
		for {
			answer, err := list(ctx, connect.NewRequest((*Request)(page)))
			if err != nil {
				yield(none, err)
				return
			}
			for _, item := range items(ResponsePointer(answer.Msg)) {
				if !yield(item, nil) {
					return
				}
			}
			next := ResponsePointer(answer.Msg).GetNextPageToken()
			if next == "" {
				return
			}
			if next == page.GetPageToken() {
				yield(none, errors.New("koderid: pages: the server gave the same page token again"))
				return
			}
			// A new message: the first is the caller's.
			page = proto.CloneOf(page)
			setPageToken(page, next)
		}
	}
}

func setPageToken(message proto.Message, token string) {
	reflected := message.ProtoReflect()
	reflected.Set(reflected.Descriptor().Fields().ByName("page_token"), protoreflect.ValueOfString(token))
}

package koderid

import (
	"context"
	"net/http"

	"connectrpc.com/connect"

	adminv1 "github.com/koder-id/koder-id/gen/go/koder/admin/v1"
	"github.com/koder-id/koder-id/gen/go/koder/admin/v1/adminv1connect"
)

// fakeEvents is an event service whose streams do as a test says, one after the other.
type fakeEvents struct {
	adminv1connect.UnimplementedEventServiceHandler
	// watch is the n-th stream, counted from 1; send tells of an event.
	watch func(ctx context.Context, n int, send func() error) error
	// asked are the requests of ListEvents.
	asked []*adminv1.ListEventsRequest
	// tokens are the credentials that came with the streams.
	tokens []string
}

func (f *fakeEvents) ListEvents(
	_ context.Context, request *connect.Request[adminv1.ListEventsRequest],
) (*connect.Response[adminv1.ListEventsResponse], error) {
	f.asked = append(f.asked, request.Msg)
	return connect.NewResponse(&adminv1.ListEventsResponse{}), nil
}

func (f *fakeEvents) WatchEvents(
	ctx context.Context,
	request *connect.Request[adminv1.WatchEventsRequest],
	stream *connect.ServerStream[adminv1.WatchEventsResponse],
) error {
	f.tokens = append(f.tokens, request.Header().Get("Authorization"))
	return f.watch(ctx, len(f.tokens), func() error {
		return stream.Send(&adminv1.WatchEventsResponse{ResumeToken: "1"})
	})
}

func eventsHandler(events *fakeEvents) http.Handler {
	_, handler := adminv1connect.NewEventServiceHandler(events)
	return handler
}

// watchEvents reads a stream to its end, and gives its error; `each` is called for each answer.
func watchEvents(ctx context.Context, client *Client, each func()) error {
	stream, err := client.Events.WatchEvents(ctx, connect.NewRequest(&adminv1.WatchEventsRequest{}))
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }()
	for stream.Receive() {
		if each != nil {
			each()
		}
	}
	return stream.Err()
}

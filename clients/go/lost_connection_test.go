package koderid

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/koder-id/koder-id/gen/go/koder/admin/v1/adminv1connect"
	identityv1 "github.com/koder-id/koder-id/gen/go/koder/identity/v1"
	"github.com/koder-id/koder-id/gen/go/koder/identity/v1/identityv1connect"
)

// breaking is a server that breaks every connection as a test says, by a reset or in the middle of an answer.
type breaking struct {
	server *httptest.Server
	conns  chan net.Conn
}

func serveBreaking(t *testing.T, handler func(b *breaking) http.Handler) *breaking {
	t.Helper()
	b := &breaking{conns: make(chan net.Conn, 100)}
	b.server = httptest.NewUnstartedServer(handler(b))
	b.server.Config.Protocols = new(http.Protocols)
	b.server.Config.Protocols.SetHTTP1(true)
	b.server.Config.Protocols.SetUnencryptedHTTP2(true)
	b.server.Config.ConnState = func(conn net.Conn, state http.ConnState) {
		if state == http.StateNew {
			b.conns <- conn
		}
	}
	b.server.Start()
	t.Cleanup(b.server.Close)
	return b
}

// reset breaks the connections that there are, so that their peers are told of a reset.
func (b *breaking) reset() {
	for {
		select {
		case conn := <-b.conns:
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			_ = conn.Close()
		default:
			return
		}
	}
}

func both(t *testing.T, run func(t *testing.T, options []Option)) {
	t.Helper()
	t.Run("Connect", func(t *testing.T) { run(t, nil) })
	t.Run("gRPC", func(t *testing.T) { run(t, []Option{WithGRPC()}) })
}

func TestALostConnectionIsRepeated(t *testing.T) {
	both(t, func(t *testing.T, options []Option) {
		var asked atomic.Int32
		users := &fakeUsers{}
		_, answers := identityv1connect.NewUserServiceHandler(users)
		b := serveBreaking(t, func(b *breaking) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch asked.Add(1) {
				case 1:
					b.reset()
				case 2:
					w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
					_, _ = w.Write([]byte{0, 0, 0, 0, 9, 1})
					_ = http.NewResponseController(w).Flush()
					b.reset()
				default:
					answers.ServeHTTP(w, r)
				}
			})
		})
		if err := getUser(t, newClient(t, b.server.URL, options...)); err != nil {
			t.Fatal(err)
		}
		if asked.Load() < 3 {
			t.Errorf("asked %d times", asked.Load())
		}
		// Nobody knows whether it was done.
		asked.Store(0)
		client := newClient(t, b.server.URL, options...)
		_, err := client.Users.UpdateUser(t.Context(), connect.NewRequest(&identityv1.UpdateUserRequest{UserId: "u"}))
		wantCode(t, err, connect.CodeUnavailable)
		if asked.Load() != 1 {
			t.Errorf("asked %d times", asked.Load())
		}
	})
}

func TestAStreamWhoseConnectionIsLostIsUnavailable(t *testing.T) {
	both(t, func(t *testing.T, options []Option) {
		events := &fakeEvents{watch: func(ctx context.Context, _ int, send func() error) error {
			err := send()
			<-ctx.Done()
			return err
		}}
		b := serveBreaking(t, func(*breaking) http.Handler { return eventsHandler(events) })
		client := newClient(t, b.server.URL, options...)
		wantCode(t, watchEvents(t.Context(), client, b.reset), connect.CodeUnavailable)
		ctx, cancel := context.WithCancel(t.Context())
		wantCode(t, watchEvents(ctx, client, cancel), connect.CodeCanceled)
	})
}

// silenced is a way to a server that a test cuts without anybody hearing of it.
type silenced struct {
	url   string
	mutex sync.Mutex
	conns []*atomic.Bool
}

func silence(t *testing.T, origin string) *silenced {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	s := &silenced{url: "http://" + listener.Addr().String()}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", strings.TrimPrefix(origin, "http://"))
			if err != nil {
				return
			}
			cut := &atomic.Bool{}
			s.mutex.Lock()
			s.conns = append(s.conns, cut)
			s.mutex.Unlock()
			pass := func(from, to net.Conn) {
				buffer := make([]byte, 1<<16)
				for {
					n, err := from.Read(buffer)
					if err != nil {
						_ = to.Close()
						return
					}
					if !cut.Load() {
						_, _ = to.Write(buffer[:n])
					}
				}
			}
			go pass(near, far)
			go pass(far, near)
		}
	}()
	return s
}

func (s *silenced) cut() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, cut := range s.conns {
		cut.Store(true)
	}
}

func TestADeadConnectionIsLeft(t *testing.T) {
	users := &fakeUsers{}
	events := &fakeEvents{watch: func(ctx context.Context, _ int, send func() error) error {
		err := send()
		<-ctx.Done()
		return err
	}}
	mux := http.NewServeMux()
	mux.Handle(identityv1connect.NewUserServiceHandler(users))
	mux.Handle(adminv1connect.NewEventServiceHandler(events))
	way := silence(t, serveHTTP(t, mux))
	httpClient := newHTTPClient(true)
	pings := httpClient.Transport.(*http.Transport).HTTP2
	pings.SendPingTimeout, pings.PingTimeout = 100*time.Millisecond, 100*time.Millisecond
	client := newClient(t, way.url, WithGRPC(), WithHTTPClient(httpClient))
	wantCode(t, watchEvents(t.Context(), client, way.cut), connect.CodeUnavailable)
	if err := getUser(t, client); err != nil {
		t.Fatal(err)
	}
	way.cut()
	if err := getUser(t, client); err != nil {
		t.Fatal(err)
	}
}

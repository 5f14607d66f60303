package koderid

import (
	"context"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	identityv1 "github.com/koder-id/koder-id/gen/go/koder/identity/v1"
)

func TestClientHasEveryPublicService(t *testing.T) {
	files, err := filepath.Glob("../../gen/go/koder/*/v1/*connect/*_service.connect.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no generated services were found: %v", err)
	}
	var generated []string
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), "_service.connect.go")
		folder := filepath.Base(filepath.Dir(file))
		generated = append(generated, folder+"."+strings.ReplaceAll(name, "_", "")+"serviceclient")
	}
	var offered []string
	for field := range reflect.TypeFor[Client]().Fields() {
		offered = append(offered, strings.ToLower(field.Type.String()))
	}
	slices.Sort(generated)
	slices.Sort(offered)
	if !slices.Equal(offered, generated) {
		t.Fatalf("the client offers %v, generated are %v", offered, generated)
	}
}

// The interceptors know calls of one request: a stream of requests would go without a credential.
func TestContractHasNoStreamsOfRequests(t *testing.T) {
	methods := 0
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(file.Package()), "koder.") {
			return true
		}
		for i := range file.Services().Len() {
			all := file.Services().Get(i).Methods()
			for j := range all.Len() {
				methods++
				if method := all.Get(j); method.IsStreamingClient() {
					t.Errorf("%s is a stream: teach the interceptors first", method.FullName())
				}
			}
		}
		return true
	})
	if methods == 0 {
		t.Fatal("no methods were found")
	}
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	_, err := New("id.example.com", WithTimeout(0), WithMaxAttempts(0))
	if err == nil {
		t.Fatal("got no error")
	}
	for _, part := range []string{"origin", "WithTimeout", "WithMaxAttempts"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not name %s", err, part)
		}
	}
}

func TestOrigin(t *testing.T) {
	good := map[string]string{
		"https://id.example.com":       "https://id.example.com",
		"https://id.example.com:8443/": "https://id.example.com:8443",
		"http://localhost:8080":        "http://localhost:8080",
		"http://acme.localhost:8080":   "http://acme.localhost:8080",
		"http://127.0.0.1:8080":        "http://127.0.0.1:8080",
		"http://[::1]:8080":            "http://[::1]:8080",
	}
	for origin, want := range good {
		if got, err := parseOrigin(origin, false); err != nil || got != want {
			t.Errorf("%s: got %q, %v", origin, got, err)
		}
	}
	bad := []string{
		"", "localhost:8080", "/v1", "ftp://id.example.com", "https://", "https://id.example.com/v1",
		"https://id.example.com?a=b", "https://id.example.com?", "https://id.example.com#a", "https://me:pw@id.example.com",
		"http://id.example.com", "http://localhost.example.com", "http://10.0.0.1", "http://127.0.0.1.example.com",
		"https://me:pw@[", "http://me:pw@id.example.com",
	}
	for _, origin := range bad {
		_, err := parseOrigin(origin, false)
		if err == nil || !strings.Contains(err.Error(), "origin") {
			t.Errorf("%s: got %v", origin, err)
		}
		if err != nil && strings.Contains(err.Error(), "pw") {
			t.Errorf("%s: the message has the password: %v", origin, err)
		}
	}
	if _, err := parseOrigin("http://id.internal:8080", true); err != nil {
		t.Errorf("with plaintext allowed: %v", err)
	}
}

func TestTenantAndDeadlineTravel(t *testing.T) {
	for name, options := range map[string][]Option{"Connect": nil, "gRPC": {WithGRPC()}} {
		t.Run(name, func(t *testing.T) {
			users := &fakeUsers{}
			client := newClient(t, serve(t, users), append(options, WithTenant("acme"), WithTimeout(time.Minute))...)
			if err := getUser(t, client); err != nil {
				t.Fatal(err)
			}
			header := users.all()[0].header
			if got := header.Get("X-Koder-Tenant"); got != "acme" {
				t.Errorf("the tenant is %q", got)
			}
			timeout := header.Get("Connect-Timeout-Ms") + header.Get("Grpc-Timeout")
			if timeout == "" {
				t.Errorf("no deadline was sent: %v", header)
			}
		})
	}
}

func TestDefaultDeadlineEndsACall(t *testing.T) {
	release := make(chan struct{})
	users := &fakeUsers{answer: func(int, arrived) error { <-release; return nil }}
	url := serve(t, users)
	t.Cleanup(func() { close(release) })
	err := getUser(t, newClient(t, url, WithTimeout(500*time.Millisecond)))
	wantCode(t, err, connect.CodeDeadlineExceeded)
	if got := len(users.all()); got != 1 {
		t.Errorf("%d requests were sent", got)
	}
}

func TestACallersDeadlineIsKept(t *testing.T) {
	client := newClient(t, serve(t, &fakeUsers{}), WithTimeout(1))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := client.Users.GetUser(ctx, connect.NewRequest(&identityv1.GetUserRequest{})); err != nil {
		t.Fatal(err)
	}
}

func TestAnswersOverGRPC(t *testing.T) {
	users := &fakeUsers{answer: always(refused(connect.CodeNotFound, ReasonUserNotFound))}
	err := getUser(t, newClient(t, serve(t, users), WithGRPC()))
	if Reason(err) != ReasonUserNotFound || ErrorID(err) != "KID-IDN-001-ABCDEF" {
		t.Fatalf("got %v with %q", err, Reason(err))
	}
	if got := users.all()[0].header.Get("Content-Type"); !strings.HasPrefix(got, "application/grpc") {
		t.Errorf("the content type is %q", got)
	}
}

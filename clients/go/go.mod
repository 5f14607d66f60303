module github.com/koder-id/koder-id/clients/go

go 1.26.0

require (
	connectrpc.com/connect v1.21.1
	github.com/koder-id/koder-id/gen/go v0.0.0
	google.golang.org/genproto/googleapis/rpc v0.0.0-20261104224025-d1e00e9f33ab
	google.golang.org/protobuf v1.36.12
)

// In the repository both modules move together. Whoever depends on this module does not see the line.
replace github.com/koder-id/koder-id/gen/go => ../../gen/go

// Package koderid is the Go client of Koder ID: typed clients of every public service, with credentials, deadlines and
// retries taken care of.
//
//	client, err := koderid.New("https://id.example.com", koderid.WithTokenSource(koderid.StaticToken(apiKey)))
//	answer, err := client.Users.GetUser(ctx, connect.NewRequest(&identityv1.GetUserRequest{UserId: id}))
//	if koderid.Reason(err) == koderid.ReasonUserNotFound { … }
//
// A call without a deadline gets one of ten seconds, which covers everything that is done for it. Reads, and creates by
// their request id, are repeated while the server is away; no other write is ever sent twice, save after an answer which
// says that the credential was refused before anything was done.
package koderid

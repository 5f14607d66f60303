package koderid

import (
	"slices"
	"testing"

	"connectrpc.com/connect"

	identityv1 "github.com/koder-id/koder-id/gen/go/koder/identity/v1"
)

func page(next string, ids ...string) *identityv1.ListUsersResponse {
	var users []*identityv1.User
	for _, id := range ids {
		users = append(users, &identityv1.User{Id: id})
	}
	return &identityv1.ListUsersResponse{Users: users, NextPageToken: next}
}

// listed is every id that a listing gives, and its error.
func listed(t *testing.T, users *fakeUsers, request *identityv1.ListUsersRequest, most int) (ids []string, err error) {
	t.Helper()
	client := newClient(t, serve(t, users))
	for user, err := range Pages(t.Context(), client.Users.ListUsers, request, (*identityv1.ListUsersResponse).GetUsers) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, user.GetId())
		if len(ids) == most {
			break
		}
	}
	return ids, nil
}

func TestPagesGivesEveryItem(t *testing.T) {
	// A page may be empty and yet not the last one.
	users := &fakeUsers{pages: map[string]*identityv1.ListUsersResponse{
		"": page("two", "a", "b"), "two": page("three"), "three": page("", "c"),
	}}
	request := &identityv1.ListUsersRequest{PageSize: 2, UsernamePrefix: "x"}
	for range 2 {
		ids, err := listed(t, users, request, -1)
		if err != nil || !slices.Equal(ids, []string{"a", "b", "c"}) {
			t.Fatalf("got %v, %v", ids, err)
		}
	}
	if request.GetPageToken() != "" {
		t.Error("the caller's request was changed")
	}
	for _, one := range users.all() {
		if message := one.message.(*identityv1.ListUsersRequest); message.GetPageSize() != 2 || message.GetUsernamePrefix() != "x" {
			t.Errorf("asked for %v", message)
		}
	}
}

func TestPagesStartsWhereItIsTold(t *testing.T) {
	users := &fakeUsers{pages: map[string]*identityv1.ListUsersResponse{"two": page("", "c")}}
	ids, err := listed(t, users, &identityv1.ListUsersRequest{PageToken: "two"}, -1)
	if err != nil || !slices.Equal(ids, []string{"c"}) {
		t.Fatalf("got %v, %v", ids, err)
	}
}

func TestPagesFetchesNoMoreThanIsUsed(t *testing.T) {
	users := &fakeUsers{pages: map[string]*identityv1.ListUsersResponse{"": page("two", "a", "b")}}
	ids, err := listed(t, users, &identityv1.ListUsersRequest{}, 2)
	if err != nil || len(ids) != 2 || len(users.all()) != 1 {
		t.Fatalf("got %v, %v with %d requests", ids, err, len(users.all()))
	}
}

func TestPagesEndsWithAnError(t *testing.T) {
	users := &fakeUsers{
		pages: map[string]*identityv1.ListUsersResponse{"": page("two", "a")},
		answer: func(n int, _ arrived) error {
			if n == 2 {
				return refused(connect.CodeInvalidArgument, ReasonPageTokenInvalid)
			}
			return nil
		},
	}
	ids, err := listed(t, users, &identityv1.ListUsersRequest{}, -1)
	if Reason(err) != ReasonPageTokenInvalid || !slices.Equal(ids, []string{"a"}) {
		t.Fatalf("got %v, %v", ids, err)
	}
}

func TestPagesDoesNotTurnInACircle(t *testing.T) {
	users := &fakeUsers{pages: map[string]*identityv1.ListUsersResponse{"": page("two", "a"), "two": page("two", "b")}}
	ids, err := listed(t, users, &identityv1.ListUsersRequest{}, 10)
	if err == nil || !slices.Equal(ids, []string{"a", "b"}) {
		t.Fatalf("got %v, %v", ids, err)
	}
}

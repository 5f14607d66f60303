package koderid

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	adminv1 "github.com/koder-id/koder-id/gen/go/koder/admin/v1"
	authv1 "github.com/koder-id/koder-id/gen/go/koder/auth/v1"
	identityv1 "github.com/koder-id/koder-id/gen/go/koder/identity/v1"
	oauthv1 "github.com/koder-id/koder-id/gen/go/koder/oauth/v1"
	optionsv1 "github.com/koder-id/koder-id/gen/go/koder/options/v1"
	sessionv1 "github.com/koder-id/koder-id/gen/go/koder/session/v1"
)

func TestReasonsAreThoseOfTheContract(t *testing.T) {
	enums := []protoreflect.EnumDescriptor{
		optionsv1.ErrorReason(0).Descriptor(), identityv1.IdentityErrorReason(0).Descriptor(),
		authv1.AuthErrorReason(0).Descriptor(), oauthv1.OauthErrorReason(0).Descriptor(),
		sessionv1.SessionErrorReason(0).Descriptor(), adminv1.AdminErrorReason(0).Descriptor(),
	}
	if files, err := filepath.Glob("../../gen/go/koder/*/v1/errors.pb.go"); err != nil || len(files) != len(enums) {
		t.Errorf("the contract has %v, compared are %d lists of reasons", files, len(enums))
	}
	var contract []string
	for _, enum := range enums {
		for i := range enum.Values().Len() {
			if value := enum.Values().Get(i); value.Number() != 0 {
				_, reason, _ := strings.Cut(string(value.Name()), "ERROR_REASON_")
				contract = append(contract, reason)
			}
		}
	}

	file, err := parser.ParseFile(token.NewFileSet(), "reasons.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var constants []string
	ast.Inspect(file, func(node ast.Node) bool {
		if literal, ok := node.(*ast.BasicLit); ok {
			if value, err := strconv.Unquote(literal.Value); err == nil {
				constants = append(constants, value)
			}
		}
		return true
	})
	slices.Sort(contract)
	slices.Sort(constants)
	if !slices.Equal(constants, contract) {
		t.Errorf("there are constants for %v, the contract has %v", constants, contract)
	}
}

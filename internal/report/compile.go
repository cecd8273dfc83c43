package report

import (
	"errors"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
)

// The bounds of a condition. They keep the stack of the parser small.
const (
	longestCondition = 16 << 10 // bytes
	mostNodes        = 1000     // of the syntax tree
)

// ConditionError is an expression that cannot be evaluated of any result.
type ConditionError struct {
	Message string
	before  string // of the line that is wrong, what stands before the place
	line    string // the whole line
}

func (e *ConditionError) Error() string { return e.Message }

// Place is two lines that show where the expression is wrong:
//
//	| status == 200 && hsst > 1
//	| .................^
func (e *ConditionError) Place() string {
	shown := func(text string) string { return Escape(strings.ReplaceAll(text, "\t", " ")) }
	return " | " + shown(e.line) + "\n | " + strings.Repeat(".", displayWidth(shown(e.before))) + "^\n"
}

func newConditionError(text, message string, place file.Location) *ConditionError {
	runes := []rune(text)
	at := min(place.From, len(runes))
	before := string(runes[:at])
	before = before[strings.LastIndexByte(before, '\n')+1:]
	after, _, _ := strings.Cut(string(runes[at:]), "\n")
	return &ConditionError{message, before, before + after}
}

func compile(text string, result expr.Option) (*vm.Program, error) {
	options := []expr.Option{
		expr.Env(&environment{}), expr.Patch(callPatch{}), expr.MaxNodes(mostNodes), expr.DisableBuiltin("repeat"), result,
	}
	program, err := expr.Compile(text, options...)
	var placed *file.Error
	if err != nil && !errors.As(err, &placed) {
		// A panic, and its stack: the compiler loses the type of filter(cookies, .Secure)[0]
		// when it optimizes.
		program, err = expr.Compile(text, append(options, expr.Optimize(false))...)
	}
	switch {
	case errors.As(err, &placed):
		return nil, newConditionError(text, placed.Message, placed.Location)
	case err != nil:
		message, _, _ := strings.Cut(err.Error(), "\n")
		return nil, newConditionError(text, message, file.Location{})
	}
	return program, nil
}

// callPatch turns the uses of h and cookies into calls. Those of h look for fields
// in any case.
type callPatch struct{}

func (callPatch) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		switch n.Value {
		case "h":
			ast.Patch(node, call(allFields))
		case "cookies":
			ast.Patch(node, call(allCookies))
		}
	case *ast.MemberNode:
		if isCall(n.Node, allFields) {
			ast.Patch(node, call(oneField, n.Property))
		}
	case *ast.BuiltinNode:
		switch {
		case len(n.Arguments) == 0 || !isCall(n.Arguments[0], allFields):
		case n.Name == "keys" && len(n.Arguments) == 1:
			ast.Patch(node, call(allNames))
		case n.Name == "get" && len(n.Arguments) == 2:
			ast.Patch(node, call(oneField, n.Arguments[1]))
		}
	case *ast.BinaryNode:
		if n.Operator == "in" && isCall(n.Right, allFields) {
			ast.Patch(node, call("has", n.Left))
		}
	}
}

func call(name string, arguments ...ast.Node) ast.Node {
	return &ast.CallNode{Callee: &ast.IdentifierNode{Value: name}, Arguments: arguments}
}

func isCall(node ast.Node, name string) bool {
	c, ok := node.(*ast.CallNode)
	if !ok {
		return false
	}
	of, ok := c.Callee.(*ast.IdentifierNode)
	return ok && of.Value == name
}

// usage is what an expression names, and its first use of what is not for it.
type usage struct {
	names  []string
	wrong  string
	place  file.Location
	ranges []ast.Node // that do not stand behind in
}

func usageOf(node ast.Node) *usage {
	u := new(usage)
	ast.Walk(&node, u)
	slices.Sort(u.names)
	u.names = slices.Compact(u.names)
	for _, r := range u.ranges {
		u.refuse(r, "a range stands only behind in")
	}
	return u
}

func (u *usage) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if n.Value == "$env" { // would hide what is named
			u.refuse(n, "unknown name $env")
		}
		u.names = append(u.names, n.Value)
	case *ast.BinaryNode: // its operands have been visited
		switch n.Operator {
		case "..": // a list of so many numbers, which predicates could go through again and again
			u.ranges = append(u.ranges, n)
		case "in":
			u.ranges = slices.DeleteFunc(u.ranges, func(r ast.Node) bool { return r == n.Right })
		}
	}
}

func (u *usage) refuse(node ast.Node, why string) {
	if u.wrong == "" {
		u.wrong, u.place = why, node.Location()
	}
}

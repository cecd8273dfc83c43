package report

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// clause is a part of a condition that must be true for the whole to be.
type clause struct {
	text    string
	program *vm.Program
	parts   []part
}

// part is a value that a clause depends on.
type part struct {
	text    string
	program *vm.Program
}

const (
	maxParts     = 3   // values that the failure of a clause tells
	longestValue = 200 // bytes of a value that are told
)

// newClause takes the whole text for a clause that does not stand by itself.
func newClause(node ast.Node, whole string) clause {
	text, program := standalone(node, expr.AsBool())
	if program == nil {
		text = whole
		program, _ = compile(whole, expr.AsBool())
	}
	c := clause{text: text, program: program}
	for _, operand := range operands(node) {
		if text, program := standalone(operand, expr.AsAny()); program != nil {
			c.parts = append(c.parts, part{text, program})
		}
	}
	return c
}

// standalone is the text of a part of an expression, and its program, which is nil
// if the text by itself means something else.
func standalone(node ast.Node, result expr.Option) (string, *vm.Program) {
	text := node.String()
	tree, err := parser.Parse(text)
	if err != nil || ast.Dump(tree.Node) != ast.Dump(node) {
		return "", nil
	}
	program, err := compile(text, result)
	if err != nil {
		return "", nil
	}
	return text, program
}

// conjuncts are the expressions that && joins at the top.
func conjuncts(node ast.Node) []ast.Node {
	if b, ok := node.(*ast.BinaryNode); ok && (b.Operator == "&&" || b.Operator == "and") {
		return append(conjuncts(b.Left), conjuncts(b.Right)...)
	}
	return []ast.Node{node}
}

// operands are the values that a clause is about, without constants: those between
// its operators, and the lists that its predicates go through.
func operands(node ast.Node) (list []ast.Node) {
	switch n := node.(type) {
	case *ast.BinaryNode:
		return append(operands(n.Left), operands(n.Right)...)
	case *ast.UnaryNode:
		return operands(n.Node)
	case *ast.BuiltinNode:
		for i, argument := range n.Arguments {
			if _, ok := argument.(*ast.PredicateNode); ok && i > 0 {
				return operands(n.Arguments[0])
			}
		}
		return []ast.Node{node}
	case *ast.IdentifierNode:
		if n.Value == "h" { // all fields: too many to tell
			return nil
		}
		return []ast.Node{node}
	case *ast.MemberNode, *ast.CallNode, *ast.ChainNode:
		return []ast.Node{node}
	}
	return nil
}

// toldValue is a value as a person reads it, cut if it is long.
func toldValue(value any) string {
	text := valueText(value)
	if len(text) > longestValue {
		text = strings.ToValidUTF8(text[:longestValue], "") + cutMark
	}
	return text
}

func valueText(value any) string {
	switch value := value.(type) {
	case string:
		return `"` + value + `"`
	case []string:
		return listText(value)
	case []cookie:
		return listText(value)
	case []any:
		return listText(value)
	}
	return fmt.Sprint(value)
}

func listText[T any](list []T) string {
	var texts []string
	for _, value := range list {
		texts = append(texts, valueText(value))
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

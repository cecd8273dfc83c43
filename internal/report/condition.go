package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"wget/internal/fetch"
)

// Condition is an expression that is true or false of a result. A Condition is
// not for several goroutines at once.
type Condition struct {
	Text string // as it was given

	program  *vm.Program
	clauses  []clause
	failures bool     // it names the error, so it is asked of targets without an answer too
	names    []string // of members of the environment
	machine  vm.VM
}

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

// ConditionError is an expression that cannot be evaluated of any result.
type ConditionError struct {
	Message string
	snippet string // the expression's line, and a caret below the place
}

func (e *ConditionError) Error() string { return e.Message }

// Place is two lines that show where the expression is wrong.
func (e *ConditionError) Place() string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimPrefix(e.snippet, "\n")) {
		b.WriteString(Escape(strings.TrimSuffix(line, "\n")) + "\n")
	}
	return b.String()
}

// ParseCondition checks an expression. The error is a [*ConditionError].
func ParseCondition(text string) (*Condition, error) {
	c := &Condition{Text: text}
	var err error
	if c.program, err = compile(text, expr.AsBool()); err != nil {
		return nil, err
	}
	tree, err := parser.Parse(text)
	if err != nil {
		return nil, err
	}
	c.names = names(tree.Node)
	c.failures = slices.Contains(c.names, "error") || slices.Contains(c.names, "stage")
	for _, node := range conjuncts(tree.Node) {
		c.clauses = append(c.clauses, newClause(node, text))
	}
	return c, nil
}

// newClause takes the whole text for a clause that does not stand by itself.
func newClause(node ast.Node, whole string) clause {
	text := node.String()
	program, err := compile(text, expr.AsBool())
	if err != nil {
		text = whole
		program, _ = compile(whole, expr.AsBool())
	}
	c := clause{text: text, program: program}
	for _, operand := range operands(node) {
		if program, err := compile(operand.String(), expr.AsAny()); err == nil && len(c.parts) < maxParts {
			c.parts = append(c.parts, part{operand.String(), program})
		}
	}
	return c
}

// maxParts is how many values the failure of a clause tells.
const maxParts = 3

func compile(text string, result expr.Option) (*vm.Program, error) {
	program, err := expr.Compile(text, expr.Env(&environment{}), expr.Patch(headerPatch{}), result)
	var placed *file.Error
	if errors.As(err, &placed) {
		return nil, &ConditionError{placed.Message, placed.Snippet}
	}
	return program, err
}

// headerPatch has h["Name"] look for the field in any case.
type headerPatch struct{}

func (headerPatch) Visit(node *ast.Node) {
	member, ok := (*node).(*ast.MemberNode)
	if !ok {
		return
	}
	if of, ok := member.Node.(*ast.IdentifierNode); ok && of.Value == "h" {
		ast.Patch(node, &ast.CallNode{Callee: &ast.IdentifierNode{Value: "joined"}, Arguments: []ast.Node{member.Property}})
	}
}

// names lists the identifiers of an expression.
func names(node ast.Node) []string {
	v := new(nameVisitor)
	ast.Walk(&node, v)
	slices.Sort(v.names)
	return slices.Compact(v.names)
}

type nameVisitor struct{ names []string }

func (v *nameVisitor) Visit(node *ast.Node) {
	if id, ok := (*node).(*ast.IdentifierNode); ok {
		v.names = append(v.names, id.Value)
	}
}

// conjuncts are the expressions that && joins at the top.
func conjuncts(node ast.Node) []ast.Node {
	if b, ok := node.(*ast.BinaryNode); ok && (b.Operator == "&&" || b.Operator == "and") {
		return append(conjuncts(b.Left), conjuncts(b.Right)...)
	}
	return []ast.Node{node}
}

// operands are the values between the operators of a clause, without constants.
func operands(node ast.Node) []ast.Node {
	switch n := node.(type) {
	case *ast.BinaryNode:
		return append(operands(n.Left), operands(n.Right)...)
	case *ast.UnaryNode:
		return operands(n.Node)
	case *ast.IdentifierNode, *ast.MemberNode, *ast.CallNode, *ast.BuiltinNode, *ast.ChainNode:
		return []ast.Node{node}
	}
	return nil
}

// appliesTo reports whether the condition says anything of a result: a target
// without an answer concerns only those that name the error.
func (c *Condition) appliesTo(r *fetch.Result) bool { return r.Err == nil || c.failures }

// holds evaluates the condition. One that cannot be evaluated does not hold, and
// the error says why.
func (c *Condition) holds(e *environment) (bool, error) {
	value, err := c.run(c.program, e)
	holds, _ := value.(bool)
	return holds && err == nil, err
}

func (c *Condition) run(program *vm.Program, e *environment) (any, error) {
	value, err := c.machine.Run(program, e)
	var placed *file.Error
	if errors.As(err, &placed) {
		err = errors.New(placed.Message)
	}
	return value, err
}

// failure names the first clause whose value is other than want, and the values
// that it depends on.
func (c *Condition) failure(e *environment, want bool) (clause, values string) {
	if !want {
		return c.Text, c.values(e, c.clauses...)
	}
	for _, clause := range c.clauses {
		value, err := c.run(clause.program, e)
		switch {
		case err != nil:
			return clause.text, err.Error()
		case value != true:
			return clause.text, c.values(e, clause)
		}
	}
	return c.Text, ""
}

// values tells what clauses depend on: "hsts is 300, status is 200".
func (c *Condition) values(e *environment, clauses ...clause) string {
	var told []string
	for _, clause := range clauses {
		for _, p := range clause.parts {
			value, err := c.run(p.program, e)
			if err != nil {
				told = append(told, fmt.Sprintf("%s: %v", p.text, err))
				continue
			}
			if text, ok := value.(string); ok {
				value = fmt.Sprintf("%q", text)
			}
			told = append(told, fmt.Sprintf("%s is %v", p.text, value))
		}
	}
	return strings.Join(told[:min(len(told), maxParts)], ", ")
}

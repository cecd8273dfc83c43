package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
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

// ParseCondition checks an expression. The error is a [*ConditionError].
func ParseCondition(text string) (*Condition, error) {
	if len(text) > longestCondition {
		return nil, newConditionError("", fmt.Sprintf("longer than %d bytes", longestCondition), file.Location{})
	}
	c := &Condition{Text: text}
	var err error
	if c.program, err = compile(text, expr.AsBool()); err != nil {
		return nil, err
	}
	tree, err := parser.Parse(text)
	if err != nil {
		return nil, err // not met: compile has parsed it
	}
	used := usageOf(tree.Node)
	if used.wrong != "" {
		return nil, newConditionError(text, used.wrong, used.place)
	}
	c.names = used.names
	c.failures = slices.Contains(c.names, "error") || slices.Contains(c.names, "stage")
	for _, node := range conjuncts(tree.Node) {
		c.clauses = append(c.clauses, newClause(node, text))
	}
	return c, nil
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
		if strings.HasPrefix(placed.Message, "interface conversion:") {
			err = errors.New("a value is absent, or of another type than it is compared with")
		}
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
			text := p.text + " is " + toldValue(value)
			if err != nil {
				text = p.text + ": " + err.Error()
			}
			if len(told) < maxParts && !slices.Contains(told, text) {
				told = append(told, text)
			}
		}
	}
	return strings.Join(told, ", ")
}

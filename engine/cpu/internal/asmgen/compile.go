package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"math"
	"path/filepath"
	"strings"
)

// definitions are the type-checked scalar functions of package vec and its tables of ops.
type definitions struct {
	info  *types.Info
	funcs map[string]*ast.FuncDecl
	ops   []definition
}

// A definition is one row of the tables.
type definition struct {
	name     string
	arity    int
	f32, f64 string
}

// readDefinitions reads the files of package vec that hold definitions and tables.
func readDefinitions() *definitions {
	return parseDefinitions("../../vec", "ieee.go", "f32.go", "f64.go", "gauss.go", "pow.go", "ops.go")
}

// parseDefinitions parses and checks files of one package.
func parseDefinitions(dir string, names ...string) *definitions {
	fset := token.NewFileSet()
	d := &definitions{info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}, funcs: map[string]*ast.FuncDecl{}}
	var files []*ast.File
	for _, n := range names {
		f, err := parser.ParseFile(fset, filepath.Join(dir, n), nil, 0)
		if err != nil {
			panic(err)
		}
		files = append(files, f)
		for _, decl := range f.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				d.funcs[decl.Name.Name] = decl
			case *ast.GenDecl:
				d.tables(decl)
			}
		}
	}
	conf := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	if _, err := conf.Check("vec", fset, files, d.info); err != nil {
		panic(err)
	}
	return d
}

// tables reads the rows of the variables unary, binary and ternary.
func (d *definitions) tables(decl *ast.GenDecl) {
	for _, s := range decl.Specs {
		v, ok := s.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			continue
		}
		arity := map[string]int{"unary": 1, "binary": 2, "ternary": 3}[v.Names[0].Name]
		if arity == 0 {
			continue
		}
		for _, row := range v.Values[0].(*ast.CompositeLit).Elts {
			e := row.(*ast.CompositeLit).Elts
			name := strings.Trim(e[0].(*ast.BasicLit).Value, `"`)
			d.ops = append(d.ops, definition{name, arity, e[1].(*ast.Ident).Name, e[2].(*ast.Ident).Name})
		}
	}
}

// A compiler translates one definition. native names the functions that the target has an instruction for, such as scale.
type compiler struct {
	*definitions
	*formula
	native map[string]bool
}

// scope holds the values of variables. raw marks products that Go may fuse with a later addition.
type scope map[string]operand

type operand struct {
	*value
	raw bool
}

// function evaluates a call. An "if c { return v }" becomes a selection around the rest.
func (c *compiler) function(name string, args []operand) *value {
	decl := c.funcs[name]
	if decl == nil {
		panic("asmgen: no definition of " + name)
	}
	vars, i := scope{}, 0
	for _, field := range decl.Type.Params.List {
		for _, n := range field.Names {
			vars[n.Name] = args[i]
			i++
		}
	}
	type exit struct{ cond, val *value }
	var exits []exit
	for _, s := range decl.Body.List {
		switch s := s.(type) {
		case *ast.ReturnStmt:
			v := c.expr(s.Results[0], vars).value
			for i := len(exits) - 1; i >= 0; i-- {
				v = c.add("sel", 0, exits[i].cond, exits[i].val, v)
			}
			return v
		case *ast.IfStmt:
			if r, ok := s.Body.List[0].(*ast.ReturnStmt); ok {
				exits = append(exits, exit{c.expr(s.Cond, vars).value, c.expr(r.Results[0], vars).value})
				continue
			}
			c.branch(s, vars)
		default:
			c.statement(s, vars)
		}
	}
	panic("asmgen: " + name + " does not end in return")
}

// branch evaluates the assignments of an if and selects between old and new values.
func (c *compiler) branch(s *ast.IfStmt, vars scope) {
	cond, inner := c.expr(s.Cond, vars).value, maps.Clone(vars)
	for _, a := range s.Body.List {
		c.statement(a, inner)
	}
	if s.Else != nil {
		panic("asmgen: else is not supported")
	}
	for _, a := range s.Body.List {
		name := a.(*ast.AssignStmt).Lhs[0].(*ast.Ident).Name
		vars[name] = operand{c.add("sel", 0, cond, inner[name].value, vars[name].value), vars[name].raw || inner[name].raw}
	}
}

func (c *compiler) statement(s ast.Stmt, vars scope) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		if len(s.Lhs) != 1 {
			panic("asmgen: assign one variable at a time")
		}
		name, right := s.Lhs[0].(*ast.Ident).Name, c.expr(s.Rhs[0], vars)
		switch s.Tok {
		case token.DEFINE, token.ASSIGN:
			vars[name] = right
		case token.MUL_ASSIGN:
			vars[name] = operand{c.add("mul", 0, vars[name].value, right.value), true}
		default:
			panic("asmgen: assignment " + s.Tok.String())
		}
	case *ast.DeclStmt: // constants: the type checker has their values
	default:
		panic(fmt.Sprintf("asmgen: statement %T", s))
	}
}

func (c *compiler) expr(e ast.Expr, vars scope) operand {
	if tv := c.info.Types[e]; tv.Value != nil {
		return operand{c.literal(tv), false}
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return c.expr(e.X, vars)
	case *ast.Ident:
		v, ok := vars[e.Name]
		if !ok {
			panic("asmgen: unknown variable " + e.Name)
		}
		return v
	case *ast.UnaryExpr:
		x := c.expr(e.X, vars)
		return operand{c.add(map[token.Token]string{token.SUB: "neg", token.NOT: "not"}[e.Op], 0, x.value), x.raw}
	case *ast.BinaryExpr:
		return c.binary(e, vars)
	case *ast.CallExpr:
		return operand{c.call(e, vars), false}
	}
	panic(fmt.Sprintf("asmgen: expression %T", e))
}

// literal is a constant expression: a floating-point or integer lane.
func (c *compiler) literal(tv types.TypeAndValue) *value {
	if b := tv.Type.Underlying().(*types.Basic); b.Info()&types.IsInteger != 0 {
		u, _ := constant.Uint64Val(constant.ToInt(tv.Value))
		return c.constant(u)
	}
	if c.width == 32 {
		x, _ := constant.Float32Val(tv.Value)
		return c.constant(uint64(math.Float32bits(x)))
	}
	x, _ := constant.Float64Val(tv.Value)
	return c.constant(math.Float64bits(x))
}

func (c *compiler) binary(e *ast.BinaryExpr, vars scope) operand {
	integer := c.info.Types[e.X].Type.Underlying().(*types.Basic).Info()&types.IsInteger != 0
	x := c.expr(e.X, vars)
	if e.Op == token.SHL || e.Op == token.SHR {
		k, _ := constant.Uint64Val(c.info.Types[e.Y].Value)
		return operand{c.add(map[token.Token]string{token.SHL: "shl", token.SHR: "shr"}[e.Op], k, x.value), false}
	}
	y := c.expr(e.Y, vars)
	if p, ok := predicates[e.Op.String()]; ok {
		if !integer {
			return operand{c.add("cmp", p, x.value, y.value), false}
		}
		if e.Op != token.NEQ || y.op != "const" || y.bits != 0 {
			panic("asmgen: integers are compared by != 0 only")
		}
		return operand{c.add("test", 0, x.value, y.value), false}
	}
	if integer {
		op := map[token.Token]string{token.ADD: "iadd", token.SUB: "isub", token.AND: "and", token.AND_NOT: "andnot", token.OR: "or", token.XOR: "xor"}[e.Op]
		return operand{c.add(op, 0, x.value, y.value), false}
	}
	op := map[token.Token]string{token.ADD: "add", token.SUB: "sub", token.MUL: "mul", token.QUO: "div"}[e.Op]
	if (op == "add" || op == "sub") && (x.raw || y.raw) {
		panic("asmgen: a product is added without being rounded by a conversion: other processors would fuse it")
	}
	return operand{c.add(op, 0, x.value, y.value), op == "mul"}
}

// call inlines a definition or emits the instruction behind a primitive.
func (c *compiler) call(e *ast.CallExpr, vars scope) *value {
	args := make([]operand, len(e.Args))
	for i, a := range e.Args {
		args[i] = c.expr(a, vars)
	}
	if s, ok := e.Fun.(*ast.SelectorExpr); ok {
		switch s.Sel.Name {
		case "Float32bits", "Float64bits", "Float32frombits", "Float64frombits":
			return args[0].value
		}
		panic("asmgen: math." + s.Sel.Name)
	}
	name := e.Fun.(*ast.Ident).Name
	if name == "float32" || name == "float64" {
		return args[0].value
	}
	return c.apply(name, args)
}

// apply is the instruction of a native function, otherwise its body.
func (c *compiler) apply(name string, args []operand) *value {
	p := strings.TrimSuffix(strings.TrimSuffix(name, "32"), "64")
	if !c.native[p] {
		return c.function(name, args)
	}
	vs := make([]*value, len(args))
	for i, a := range args {
		vs[i] = a.value
	}
	return c.add(p, 0, vs...)
}

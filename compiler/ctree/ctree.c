/* ctree: the builders. Folding here is what a person does in the head: integers only, never floats. */
#include "ctree/ctree.h"

#include <math.h>
#include <string.h>

#include "ctree/ctree_nodes.h"

cunit *cunit_new(arena *a) {
    cunit *u = ARENA_NEW(a, cunit);
    u->arena = a;
    u->shared = name_set_new(a);
    return u;
}

/* --- expressions --- */

static cexpr *expr_new(cunit *u, cexpr_kind kind) {
    cexpr *e = ARENA_NEW(u->arena, cexpr);
    e->kind = kind;
    return e;
}

cexpr *c_name(cunit *u, const char *name) { return c_namef(u, "%s", name); }

cexpr *c_namef(cunit *u, const char *format, ...) {
    va_list args;
    va_start(args, format);
    cexpr *e = expr_new(u, CEXPR_NAME);
    e->text = arena_vprintf(u->arena, format, args);
    va_end(args);
    return e;
}

cexpr *c_int(cunit *u, int64_t value) {
    cexpr *e = expr_new(u, CEXPR_INT);
    e->integer = value;
    return e;
}

cexpr *c_float(cunit *u, float value) {
    cexpr *e = expr_new(u, CEXPR_FLOAT);
    e->real = value;
    return e;
}

cexpr *c_double(cunit *u, double value) {
    char digits[48];
    if (isnan(value)) return c_name(u, "NAN");
    if (isinf(value)) return c_name(u, value < 0 ? "-INFINITY" : "INFINITY");
    cdouble_print(value, digits);
    return c_name(u, digits);
}

bool c_is_int(const cexpr *e, int64_t *value) {
    if (e->kind != CEXPR_INT) return false;
    if (value) *value = e->integer;
    return true;
}

const char *c_text(const cexpr *name) {
    if (name->kind != CEXPR_NAME) ice("not a name");
    return name->text;
}

static bool is_int(const cexpr *e, int64_t value) { return e->kind == CEXPR_INT && e->integer == value; }

/* The value of `a op b` on integer literals, where it is one and nothing overflows. */
static bool fold(const char *op, int64_t a, int64_t b, int64_t *result) {
    if (op[1] != 0) return false;
    switch (op[0]) {
    case '+': return !__builtin_add_overflow(a, b, result);
    case '-': return a >= b && !__builtin_sub_overflow(a, b, result);
    case '*': return !__builtin_mul_overflow(a, b, result);
    case '/': return a >= 0 && b > 0 && (*result = a / b, true);
    case '%': return a >= 0 && b > 0 && (*result = a % b, true);
    default: return false;
    }
}

cexpr *c_binary(cunit *u, const char *op, cexpr *left, cexpr *right) {
    int64_t value;
    if (left->kind == CEXPR_INT && right->kind == CEXPR_INT && fold(op, left->integer, right->integer, &value))
        return c_int(u, value);
    if (strcmp(op, "*") == 0) {
        if (is_int(left, 0) || is_int(right, 1)) return left;
        if (is_int(right, 0) || is_int(left, 1)) return right;
    }
    if (strcmp(op, "+") == 0 && is_int(left, 0)) return right;
    if ((strcmp(op, "+") == 0 || strcmp(op, "-") == 0) && is_int(right, 0)) return left;
    if (strcmp(op, "/") == 0 && is_int(right, 1)) return left;
    if (strcmp(op, "+") == 0 && right->kind == CEXPR_INT && right->integer < 0 && right->integer > INT64_MIN)
        return c_binary(u, "-", left, c_int(u, -right->integer));
    /* (x + 3) + 4 -> x + 7 */
    if (strcmp(op, "+") == 0 && right->kind == CEXPR_INT && left->kind == CEXPR_BINARY &&
        strcmp(left->text, "+") == 0 && left->second->kind == CEXPR_INT &&
        fold("+", left->second->integer, right->integer, &value))
        return c_binary(u, "+", left->first, c_int(u, value));
    cexpr *e = expr_new(u, CEXPR_BINARY);
    e->text = op;
    e->first = left;
    e->second = right;
    return e;
}

cexpr *c_add(cunit *u, cexpr *a, cexpr *b) { return c_binary(u, "+", a, b); }
cexpr *c_sub(cunit *u, cexpr *a, cexpr *b) { return c_binary(u, "-", a, b); }
cexpr *c_mul(cunit *u, cexpr *a, cexpr *b) { return c_binary(u, "*", a, b); }

cexpr *c_unary(cunit *u, const char *op, cexpr *operand) {
    cexpr *e = expr_new(u, CEXPR_UNARY);
    e->text = op;
    e->first = operand;
    return e;
}

cexpr *c_index(cunit *u, cexpr *array, cexpr *index) {
    cexpr *e = expr_new(u, CEXPR_INDEX);
    e->first = array;
    e->second = index;
    return e;
}

cexpr *c_at(cunit *u, const char *array, cexpr *index) { return c_add(u, c_name(u, array), index); }

cexpr *c_item(cunit *u, const char *array, cexpr *index) { return c_index(u, c_name(u, array), index); }

cexpr *c_element(cunit *u, cexpr *address) {
    cexpr *index = c_int(u, 0);
    while (address->kind == CEXPR_BINARY && strcmp(address->text, "+") == 0) {
        index = c_add(u, address->second, index);
        address = address->first;
    }
    return c_index(u, address, index);
}

cexpr *c_member(cunit *u, cexpr *object, const char *member, bool arrow) {
    cexpr *e = expr_new(u, CEXPR_MEMBER);
    e->first = object;
    e->text = member;
    e->arrow = arrow;
    return e;
}

cexpr *c_cast(cunit *u, const char *type, cexpr *operand) {
    cexpr *e = expr_new(u, CEXPR_CAST);
    e->text = type;
    e->first = operand;
    return e;
}

cexpr *c_conditional(cunit *u, cexpr *test, cexpr *yes, cexpr *no) {
    cexpr *e = expr_new(u, CEXPR_CONDITIONAL);
    e->first = test;
    e->second = yes;
    e->third = no;
    return e;
}

cexpr *c_smaller(cunit *u, cexpr *a, cexpr *b) { return c_conditional(u, c_binary(u, "<", a, b), a, b); }

cexpr *c_call_list(cunit *u, const char *function, unsigned count, cexpr *const *arguments) {
    cexpr *e = expr_new(u, CEXPR_CALL);
    e->text = function;
    e->argument_count = count;
    e->arguments = ARENA_ARRAY(u->arena, cexpr *, count);
    for (unsigned i = 0; i < count; i++) e->arguments[i] = arguments[i];
    return e;
}

cexpr *c_call(cunit *u, const char *function, unsigned count, ...) {
    cexpr *arguments[32];
    if (count > 32) ice("a call of %s with %u arguments", function, count);
    va_list list;
    va_start(list, count);
    for (unsigned i = 0; i < count; i++) arguments[i] = va_arg(list, cexpr *);
    va_end(list);
    return c_call_list(u, function, count, arguments);
}

/* --- statements --- */

static cblock *block_new(cunit *u) {
    cblock *b = ARENA_NEW(u->arena, cblock);
    b->unit = u;
    return b;
}

static cstmt *append(cblock *b, cstmt_kind kind) {
    cstmt *s = ARENA_NEW(b->unit->arena, cstmt);
    s->kind = kind;
    if (b->last) b->last->next = s;
    else b->first = s;
    b->last = s;
    return s;
}

void c_declare(cblock *b, const char *type, const char *name, cexpr *value) {
    cstmt *s = append(b, CSTMT_DECLARE);
    s->type = type;
    s->name = name;
    s->to = value;
}

void c_declare_array(cblock *b, const char *type, const char *name, int64_t elements) {
    cstmt *s = append(b, CSTMT_ARRAY);
    s->type = type;
    s->name = name;
    s->number = elements;
}

void c_assign(cblock *b, cexpr *target, const char *op, cexpr *value) {
    cstmt *s = append(b, CSTMT_ASSIGN);
    s->type = op;
    s->from = target;
    s->to = value;
}

void c_do(cblock *b, cexpr *expression) { append(b, CSTMT_DO)->from = expression; }

void c_return(cblock *b, cexpr *value) { append(b, CSTMT_RETURN)->from = value; }

void c_break(cblock *b) { append(b, CSTMT_BREAK); }

void c_comment(cblock *b, const char *format, ...) {
    va_list args;
    va_start(args, format);
    append(b, CSTMT_COMMENT)->name = arena_vprintf(b->unit->arena, format, args);
    va_end(args);
}

void c_line(cblock *b, const char *format, ...) {
    va_list args;
    va_start(args, format);
    append(b, CSTMT_LINE)->name = arena_vprintf(b->unit->arena, format, args);
    va_end(args);
}

void c_blank(cblock *b) { append(b, CSTMT_BLANK); }

cblock *c_for(cblock *b, const char *name, cexpr *from, cexpr *to, int64_t step) {
    cstmt *s = append(b, CSTMT_FOR);
    s->name = name;
    s->from = from;
    s->to = to;
    s->number = step;
    return s->body = block_new(b->unit);
}

cblock *c_for_down(cblock *b, const char *name, cexpr *from) {
    cstmt *s = append(b, CSTMT_FOR_DOWN);
    s->name = name;
    s->from = from;
    return s->body = block_new(b->unit);
}

cblock *c_if(cblock *b, cexpr *test) {
    cstmt *s = append(b, CSTMT_IF);
    s->from = test;
    return s->body = block_new(b->unit);
}

cblock *c_else(cblock *b) {
    if (!b->last || b->last->kind != CSTMT_IF || b->last->other) ice("an else without its if");
    return b->last->other = block_new(b->unit);
}

cblock *c_scope(cblock *b) { return append(b, CSTMT_SCOPE)->body = block_new(b->unit); }

/* --- top level --- */

ctop *ctop_new(cunit *u, ctop_kind kind) {
    ctop *t = ARENA_NEW(u->arena, ctop);
    t->kind = kind;
    if (u->last) u->last->next = t;
    else u->first = t;
    u->last = t;
    return t;
}

void c_top_line(cunit *u, const char *format, ...) {
    va_list args;
    va_start(args, format);
    ctop_new(u, CTOP_LINE)->text = arena_vprintf(u->arena, format, args);
    va_end(args);
}

static bool ends_with_blank(const ctop *t) {
    if (t->kind == CTOP_LINE) return *t->text && t->text[strlen(t->text) - 1] == '\n';
    return t->kind != CTOP_ENUM;
}

void c_top_blank(cunit *u) {
    if (u->last && !ends_with_blank(u->last)) ctop_new(u, CTOP_BLANK);
}

cfunction *c_function(cunit *u, const char *storage_and_type, const char *name, const char *comment) {
    cfunction *f = ARENA_NEW(u->arena, cfunction);
    f->unit = u;
    f->type = storage_and_type;
    f->name = name;
    f->comment = comment;
    f->body = block_new(u);
    return f;
}

/* Marks the names in `wanted` that the tree mentions. */
static void mark_expr(const name_set *wanted, const cexpr *e) {
    if (!e) return;
    if (e->kind == CEXPR_NAME) name_set_mark(wanted, e->text);
    for (unsigned i = 0; i < e->argument_count; i++) mark_expr(wanted, e->arguments[i]);
    mark_expr(wanted, e->first);
    mark_expr(wanted, e->second);
    mark_expr(wanted, e->third);
}

static void mark_block(const name_set *wanted, const cblock *b) {
    for (const cstmt *s = b ? b->first : NULL; s; s = s->next) {
        mark_expr(wanted, s->from);
        mark_expr(wanted, s->to);
        mark_block(wanted, s->body);
        mark_block(wanted, s->other);
    }
}

void cfunction_discard(cfunction *f, const char *parameter) {
    cblock *unused = block_new(f->unit);
    c_do(unused, c_cast(f->unit, "void", c_name(f->unit, parameter)));
    unused->last->next = f->body->first;
    f->body->first = unused->first;
    if (!f->body->last) f->body->last = unused->last;
}

/* A parameter that the body has no use for is said to be so, first thing. */
static void discard_unused(cfunction *f) {
    name_set *parameters = name_set_new(f->unit->arena);
    for (size_t i = 0; i < f->parameter_count; i++) name_set_take(parameters, f->parameters[i].name);
    mark_block(parameters, f->body);
    for (size_t i = f->parameter_count; i-- > 0;)
        if (!name_set_is_marked(parameters, f->parameters[i].name)) cfunction_discard(f, f->parameters[i].name);
}

void c_function_end(cfunction *f) {
    discard_unused(f);
    ctop_new(f->unit, CTOP_FUNCTION)->function = f;
}

const char *c_function_end_shared(cfunction *f) {
    discard_unused(f);
    cfunction **like = (cfunction **)name_set_value(f->unit->shared, cfunction_text(f));
    if (*like) return (*like)->name;
    *like = f;
    ctop_new(f->unit, CTOP_FUNCTION)->function = f;
    return NULL;
}

void c_function_name(cfunction *f, const char *name) { f->name = name; }

void c_parameter(cfunction *f, const char *type, const char *name) {
    cparameter p = {type, name};
    ARENA_PUSH(f->unit->arena, f->parameters, f->parameter_count, f->parameter_capacity, p);
}

void c_pass(csignature *s, const char *type, const char *name, cexpr *argument) {
    if (s->function) {
        c_parameter(s->function, type, name);
    } else if (s->declared) {
        if (s->declared->length) text_add(s->declared, ", ");
        cdeclarator_add(s->declared, type, name);
    } else {
        ARENA_PUSH(s->unit->arena, s->arguments, s->count, s->capacity, argument);
    }
}

cexpr *c_call_with(const csignature *s, const char *function) {
    return c_call_list(s->unit, function, (unsigned)s->count, s->arguments);
}

cblock *c_body(cfunction *f) { return f->body; }

void c_enum_constant(cunit *u, const char *name, int64_t value) {
    ctop *t = ctop_new(u, CTOP_ENUM);
    t->text = name;
    t->value = value;
}

ctable *ctable_new(cunit *u, const char *name, size_t elements, ctable_style style, ctable_fill *fill, void *context,
                   const char *comment) {
    if (elements == 0) ice("table %s is empty", name);
    ctable *t = ARENA_NEW(u->arena, ctable);
    *t = (ctable){name, comment, elements, style, fill, context};
    return t;
}

cexpr *c_table(cunit *u, const char *name, size_t elements, ctable_style style, ctable_fill *fill, void *context,
               const char *comment) {
    ctop_new(u, CTOP_TABLE)->table = ctable_new(u, name, elements, style, fill, context, comment);
    cexpr *e = c_name(u, name);
    return ctable_is_bits(style) ? c_member(u, e, "value", false) : e;
}

void cunit_set_section(cunit *u, const char *section) { u->section = section; }

size_t cunit_table_bytes(const cunit *u) {
    size_t bytes = 0;
    for (const ctop *t = u->first; t; t = t->next)
        if (t->kind == CTOP_TABLE) bytes += ctable_bytes(t->table);
    for (size_t i = 0; i < u->beside_count; i++) bytes += ctable_bytes(u->beside[i]);
    return bytes;
}

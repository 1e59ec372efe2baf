/* expression: see expression.h. */
#include "import/expression.h"

#include <inttypes.h>
#include <math.h>

#include "import/interpret.h"

enum { MOST_LITERALS = 64 };

static int precedence_of(const char *symbol) {
    static const struct {
        const char *symbol;
        int precedence;
    } rows[] = {{"==", COMPARISON}, {"!=", COMPARISON}, {"<", COMPARISON}, {"<=", COMPARISON}, {">", COMPARISON},
                {">=", COMPARISON}, {"|", BIT_OR},      {"&", BIT_AND},    {"+", SUM},         {"-", SUM},
                {"*", PRODUCT},     {"/", PRODUCT},     {"//", PRODUCT},   {"%", PRODUCT},     {"**", POWER}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].symbol, symbol) == 0) return rows[i].precedence;
    return TIGHT;
}

/* --- literals and params ------------------------------------------------------------------------------------------ */

static const char *filled_text(writer *w, const value *v) {
    const char *number =
        v->element == ELEMENT_FLOAT ? number_text(w->arena, v->number) : dim_string(w->arena, v->integer);
    const char *type = v->element == ELEMENT_BOOL ? ", dtype=bool" : "";
    if (v->rank == 0)
        return v->element == ELEMENT_BOOL ? arena_printf(w->arena, "full((), %s%s)", number, type) : number;
    const char *shape = value_shape_string(w->arena, v);
    size_t length = strlen(shape);
    if (v->element == ELEMENT_FLOAT && v->number == 0 && !signbit(v->number))
        return arena_printf(w->arena, "zeros(%.*s)", (int)(length - 2), shape + 1);
    return arena_printf(w->arena, "full((%.*s%s), %s%s)", (int)(length - 2), shape + 1, v->rank == 1 ? "," : "", number,
                        type);
}

static void add_literals(writer *w, text *t, const value *v, unsigned axis, int64_t *at) {
    int64_t extent = 1;
    if (axis == v->rank) {
        text_add(t, v->element == ELEMENT_FLOAT ? number_text(w->arena, value_float_at(v, *at))
                                                : dim_string(w->arena, value_dim_at(v, *at)));
        (*at)++;
        return;
    }
    dim_is_const(v->dims[axis], &extent);
    text_add(t, "[");
    for (int64_t i = 0; i < extent; i++) {
        text_add(t, i ? ", " : "");
        add_literals(w, t, v, axis + 1, at);
    }
    text_add(t, "]");
}

/* Sizes of run time, which stand in no literal: cat((full((1,), T), full((1,), 2))). False where all are numbers. */
static bool add_sizes(writer *w, text *t, const value *v, int64_t count) {
    bool sizes = false;
    for (int64_t i = 0; i < count; i++) sizes |= !dim_is_const(value_dim_at(v, i), NULL);
    if (!sizes) return false;
    bool row = v->rank == 1;
    text_add(t, row ? "" : "view(");
    text_add(t, count == 1 ? "" : "cat((");
    for (int64_t i = 0; i < count; i++)
        text_printf(t, "%sfull((1,), %s)", i ? ", " : "", dim_string(w->arena, value_dim_at(v, i)));
    text_add(t, count == 1 ? "" : "))");
    for (unsigned i = 0; !row && i < v->rank; i++) text_printf(t, ", %s", dim_string(w->arena, v->dims[i]));
    text_add(t, row ? "" : ")");
    return true;
}

/* A known operand: a number, integers as they are, and floats as a param. */
static const char *known_text(writer *w, value *v) {
    int64_t count = 0, at = 0;
    if (v->filled) return filled_text(w, v);
    if (v->rank == 0 && v->element == ELEMENT_INT) return dim_string(w->arena, value_dim_at(v, 0));
    if (!value_count(v, &count)) return NULL;
    if (v->element != ELEMENT_FLOAT) {
        text t = text_new(w->arena);
        if (count > MOST_LITERALS) {
            w->to->problem =
                arena_printf(w->arena, "\"%s\" holds %" PRId64 " integers that are used at run time", v->name, count);
            return "0";
        }
        if (count < 1 || !add_sizes(w, &t, v, count)) {
            text_add(&t, "tensor(");
            add_literals(w, &t, v, 0, &at);
            text_add(&t, v->element == ELEMENT_BOOL ? ", dtype=bool)" : ")");
        }
        return text_string(&t);
    }
    if (v->rank == 0) return number_text(w->arena, value_float_at(v, 0));
    const char *name = name_set_give(w->values, write_word(w->arena, name_from_path(w->arena, v->name), "constant"));
    text_printf(&w->params, "    param %s: float32%s\n", name, value_shape_string(w->arena, v));
    tensor_to_write t = {.name = name, .data = v->floats, .rank = v->rank};
    value_constant_shape(v, t.shape);
    ARENA_PUSH(w->arena, w->to->tensors, w->to->tensor_count, w->to->tensor_capacity, t);
    return name;
}

/* --- expressions -------------------------------------------------------------------------------------------------- */

/* Of a known one: a number has a sign, and a size may be a sum: T - 1. */
static int known_precedence(const value *v) {
    bool sum = strchr(v->text, ' ') != NULL;
    if (strchr(v->text, '(')) return TIGHT;
    if (v->element == ELEMENT_FLOAT) return v->text[0] == '-' ? SIGN : TIGHT;
    return sum ? SUM : strpbrk(v->text, "*/") ? PRODUCT : v->text[0] == '-' ? SIGN : TIGHT;
}

const char *write_operand(writer *w, value *v, int at_least) {
    if (!v->text) {
        v->text = known_text(w, v);
        v->precedence = known_precedence(v);
    }
    return v->precedence < at_least ? arena_printf(w->arena, "(%s)", v->text) : v->text;
}

static void add_slices(text *t, const node *n) {
    unsigned last = n->operands[0]->rank;
    while (last > 1 && !n->axes[last - 1].index && !n->axes[last - 1].start && !n->axes[last - 1].stop &&
           n->axes[last - 1].step == 1)
        last--;
    text_add(t, "[");
    for (unsigned i = 0; i < last; i++) {
        const slice_axis *s = &n->axes[i];
        text_add(t, i ? ", " : "");
        if (s->start) dim_print(s->start, t);
        if (s->index) continue;
        text_add(t, ":");
        if (s->stop) dim_print(s->stop, t);
        if (s->step > 1) text_printf(t, ":%" PRId64, s->step);
    }
    text_add(t, "]");
}

/* squeeze and unsqueeze where one axis of 1 goes or comes, else view. */
static void add_reshape(writer *w, text *t, const node *n) {
    const value *from = n->operands[0], *to = n->results[0];
    bool more = to->rank == from->rank + 1, less = from->rank == to->rank + 1;
    const value *longer = more ? to : from, *shorter = more ? from : to;
    const char *x = write_operand(w, n->operands[0], LOOSE);
    for (unsigned axis = 0; (more || less) && axis < longer->rank; axis++) {
        bool fits = dim_is(longer->dims[axis], 1);
        for (unsigned i = 0; fits && i < shorter->rank; i++)
            fits = dim_same(shorter->dims[i], longer->dims[i + (i >= axis)]);
        if (!fits) continue;
        text_printf(t, "%s(%s, %u)", more ? "unsqueeze" : "squeeze", x, axis);
        return;
    }
    text_printf(t, "view(%s", x);
    for (unsigned i = 0; i < to->rank; i++) {
        text_add(t, ", ");
        dim_print(to->dims[i], t);
    }
    text_add(t, to->rank ? ")" : ", ())");
}

static void add_permute(writer *w, text *t, const node *n) {
    unsigned rank = n->operands[0]->rank, moved = 0, a = 0, b = 0;
    for (unsigned i = 0; i < rank; i++)
        if (n->perm[i] != i) {
            if (moved++ == 0) a = i;
            b = i;
        }
    const char *x = write_operand(w, n->operands[0], LOOSE);
    if (moved == 2) {
        text_printf(t, "transpose(%s, %u, %u)", x, a, b);
        return;
    }
    text_printf(t, "permute(%s", x);
    for (unsigned i = 0; i < rank; i++) text_printf(t, ", %u", n->perm[i]);
    text_add(t, ")");
}

bool layer_is_recurrent(const layer *l) {
    return strcmp(l->kind, "LSTM") == 0 || strcmp(l->kind, "GRU") == 0 || strcmp(l->kind, "RNN") == 0;
}

static void add_layer(writer *w, text *t, const node *n) {
    text_printf(t, "%s(%s", n->layer->name, write_operand(w, n->operands[0], LOOSE));
    if (layer_is_recurrent(n->layer)) {
        value *h = n->operands[1], *c = n->operands[2], *lengths = n->operands[3];
        if (h && c) text_printf(t, ", (%s, %s)", write_operand(w, h, LOOSE), write_operand(w, c, LOOSE));
        else if (h) text_printf(t, ", %s", write_operand(w, h, LOOSE));
        if (lengths) text_printf(t, ", lengths=%s", write_operand(w, lengths, LOOSE));
    } else {
        for (unsigned i = 1; i < n->operand_count; i++) text_printf(t, ", %s", write_operand(w, n->operands[i], LOOSE));
    }
    text_add(t, ")");
}

static void add_call(writer *w, text *t, const node *n) {
    bool axis_second = strcmp(n->function, "gather") == 0 || strcmp(n->function, "index_select") == 0;
    if (strcmp(n->function, "[]") == 0) {
        text_printf(t, "%s[%s]", write_operand(w, n->operands[0], TIGHT), write_operand(w, n->operands[1], LOOSE));
        return;
    }
    text_printf(t, n->tuple ? "%s((" : "%s(", n->function);
    for (unsigned i = 0; i < n->operand_count; i++) {
        text_printf(t, "%s%s", i ? ", " : "", write_operand(w, n->operands[i], LOOSE));
        if (i == 0 && axis_second) text_printf(t, ", %u", n->axis);
    }
    text_add(t, n->tuple ? ")" : "");
    text_add(t, n->operand_count || n->tail[0] != ',' ? n->tail : n->tail + 2);
    text_add(t, ")");
}

/* x ** 2 is what a person writes for x ** 2.0. */
static bool whole_exponent(const value *v, int64_t *to) {
    double number;
    if (!value_scalar(v, &number) || v->rank || fabs(number) > 64 || trunc(number) < number || trunc(number) > number)
        return false;
    *to = (int64_t)number;
    return number > 0;
}

const char *write_expression(writer *w, const node *n, int *precedence) {
    text t = text_new(w->arena);
    int own;
    int64_t exponent;
    *precedence = TIGHT;
    switch (n->kind) {
    case NODE_CALL: add_call(w, &t, n); break;
    case NODE_LAYER: add_layer(w, &t, n); break;
    case NODE_RESHAPE: add_reshape(w, &t, n); break;
    case NODE_PERMUTE: add_permute(w, &t, n); break;
    case NODE_SLICE:
        text_add(&t, write_operand(w, n->operands[0], TIGHT));
        add_slices(&t, n);
        break;
    case NODE_PREFIX:
        *precedence = SIGN;
        text_printf(&t, "%s%s", n->function, write_operand(w, n->operands[0], SIGN + 1));
        break;
    case NODE_INFIX:
        own = *precedence = precedence_of(n->function);
        if (own == POWER && whole_exponent(n->operands[1], &exponent)) {
            text_printf(&t, "%s ** %" PRId64, write_operand(w, n->operands[0], own + 1), exponent);
            break;
        }
        text_printf(&t, "%s %s %s", write_operand(w, n->operands[0], own == POWER || own == COMPARISON ? own + 1 : own),
                    n->function, write_operand(w, n->operands[1], own + 1));
        break;
    case NODE_INPUT:
    case NODE_REPEAT:
    case NODE_END: break;
    }
    return text_string(&t);
}

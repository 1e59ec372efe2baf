/* ir_print: a model as text that a person reads and ir_read.c reads back.
 *
 *     model tagger
 *     weights "tagger.safetensors" prefix "model."    (without a prefix: the file alone)
 *     dim T = 1..128
 *     input sentence
 *     param "lstm2tag.weight": float32[3, 6] for "layer lstm2tag = Linear(6, 3)"
 *     state h: float32[1, 6]
 *     reset:
 *       %0 = const() number=1 : float32[]
 *     run:
 *       %1 sentence = input() index=0 : int32[T]
 *       %7 out, %8 = recurrent(%3, -, -, -, %4, %5, -, -, -) cell=gru activation=tanh : float32[T, 1, 6], float32[1, 6]
 *         # lstm = GRU(6, 6)                              (on the node's own line)
 *       %9 h, %10 ys = repeat(%2, %8) rounds=T rows=1 : float32[1, 6], float32[T, 3]
 *         %11 x_t = row() index=0 : float32[1, 6]       (a REPEAT's body, indented below it)
 *         %12 = carried() index=0 : float32[1, 6]
 *         …
 *         next %13                                      (parallel to what is carried)
 *         collect %14
 *         until %15
 *       end
 *     output tags = %12
 *     next h = %8
 *     init h = %0
 *     check token %1 in 0..8                            (a target may have: in 0..8 or -100)
 *
 * A missing optional input is `-`. Behind # stand a node's label and, after =, its source. A name or key that is not a
 * plain word is quoted. Places in the .nn file are not part of the text.
 */
#include "ir/function.h"
#include "ir/ir_attrs.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_word(const char *s) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.";
    return *s && strchr(letters, *s) && strspn(s, all) == strlen(s);
}

static void print_quoted(const char *s, text *to) {
    text_add(to, "\"");
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\') text_printf(to, "\\%c", c);
        else if (c == '\n') text_add(to, "\\n");
        else if (c < 0x20 || c == 0x7F) text_printf(to, "\\x%02X", c);
        else text_add_n(to, s, 1);
    }
    text_add(to, "\"");
}

static void print_word(const char *s, text *to) {
    if (is_word(s)) text_add(to, s);
    else print_quoted(s, to);
}

static void print_type(const ir_type *type, text *to) {
    text_printf(to, "%s[", ir_dtype_name(type->dtype));
    for (unsigned i = 0; i < type->rank; i++) {
        if (i) text_add(to, ", ");
        dim_print(type->dims[i], to);
    }
    text_add(to, "]");
}

/* The shortest text that reads back as the same double. */
static void print_number(double number, text *to) {
    if (isnan(number)) {
        text_add(to, "nan");
        return;
    }
    if (fabs(number) < 1e15 && number == floor(number)) {
        text_printf(to, "%.0f", number);
        return;
    }
    char shortest[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(shortest, sizeof shortest, "%.*g", digits, number);
        if (strtod(shortest, NULL) == number) break;
    }
    text_add(to, shortest);
}

/* (0, 2): the numbers whose bits are set. */
static void print_axes(unsigned axes, text *to) {
    const char *separator = "";
    text_add(to, "(");
    for (unsigned i = 0; i < 32; i++) {
        if (!(axes >> i & 1)) continue;
        text_printf(to, "%s%u", separator, i);
        separator = ", ";
    }
    text_add(to, ")");
}

static void print_perm(const unsigned *perm, unsigned count, text *to) {
    text_add(to, "(");
    for (unsigned i = 0; i < count; i++) text_printf(to, "%s%u", i ? ", " : "", perm[i]);
    text_add(to, ")");
}

static void print_values(const ir_values *values, text *to) {
    text_add(to, "(");
    for (size_t i = 0; i < values->count; i++) {
        if (i) text_add(to, ", ");
        print_number(values->numbers[i], to);
    }
    text_add(to, ")");
}

/* tanh, leaky_relu(0.2) */
static void print_activation(const ir_activation *a, text *to) {
    text_add(to, ir_activation_name(*a));
    const ir_function *f = ir_function_of(a->function);
    unsigned count = f ? ir_function_parameter_count(f) : 0;
    for (unsigned i = 0; i < count; i++) {
        text_add(to, i ? ", " : "(");
        print_number(a->scalar[i], to);
    }
    if (count) text_add(to, ")");
}

static void print_attr(const ir_node *n, const ir_attr *row, text *to) {
    const void *member = (const unsigned char *)&n->attrs + row->offset;
    if (row->quiet && ir_attr_is_zero(&n->attrs, row)) return;
    text_printf(to, " %s=", row->name);
    switch (row->kind) {
    case IR_ATTR_SIZE: text_printf(to, "%zu", *(const size_t *)member); break;
    case IR_ATTR_UNSIGNED: text_printf(to, "%u", *(const unsigned *)member); break;
    case IR_ATTR_INT: text_printf(to, "%" PRId64, *(const int64_t *)member); break;
    case IR_ATTR_NUMBER: print_number(*(const double *)member, to); break;
    case IR_ATTR_BOOL: text_add(to, *(const bool *)member ? "true" : "false"); break;
    case IR_ATTR_VALUES: print_values(member, to); break;
    case IR_ATTR_AXES: print_axes(*(const unsigned *)member, to); break;
    case IR_ATTR_PERM: print_perm(member, n->inputs[0]->type.rank, to); break;
    case IR_ATTR_DIM: dim_print(*(const dim *const *)member, to); break;
    case IR_ATTR_PAD_MODE: text_add(to, ir_pad_mode_name(*(const ir_pad_mode *)member)); break;
    case IR_ATTR_CELL: text_add(to, ir_cell_name(*(const ir_cell *)member)); break;
    case IR_ATTR_WEIGHTS: text_add(to, ir_weights_name(*(const ir_weights *)member)); break;
    case IR_ATTR_ACTIVATION: print_activation(member, to); break;
    }
}

static void print_nodes(const ir_graph *g, int indent, text *to);

/* "next %13" and its like; what the body ends with. */
static void print_end_value(const char *keyword, const ir_value *v, int indent, text *to) {
    text_printf(to, "%*s%s %%%u\n", indent, "", keyword, v->id);
}

static void print_block(const ir_node *n, int indent, text *to) {
    const ir_block *b = n->block;
    print_nodes(&b->body, indent + 2, to);
    for (unsigned i = 0; i < ir_carried_of(n); i++) print_end_value("next", b->next[i], indent + 2, to);
    for (unsigned i = 0; i < ir_collected_of(n); i++) print_end_value("collect", b->collected[i], indent + 2, to);
    if (b->until) print_end_value("until", b->until, indent + 2, to);
    text_printf(to, "%*send\n", indent, "");
}

static void print_node(const ir_node *n, int indent, text *to) {
    text_printf(to, "%*s", indent, "");
    for (unsigned i = 0; i < n->result_count; i++) {
        text_printf(to, "%s%%%u", i ? ", " : "", n->results[i]->id);
        if (!n->results[i]->name) continue;
        text_add(to, " ");
        print_word(n->results[i]->name, to);
    }
    text_printf(to, "%s%s(", n->result_count ? " = " : "", ir_op_name(n->op));
    for (unsigned i = 0; i < n->input_count; i++) {
        if (i) text_add(to, ", ");
        if (n->inputs[i]) text_printf(to, "%%%u", n->inputs[i]->id);
        else text_add(to, "-");
    }
    text_add(to, ")");
    size_t count;
    const ir_attr *rows = ir_attrs_of(n->op, &count);
    for (size_t i = 0; i < count; i++) print_attr(n, &rows[i], to);
    for (unsigned i = 0; i < n->result_count; i++) {
        text_add(to, i ? ", " : " : ");
        print_type(&n->results[i]->type, to);
    }
    if (n->label || n->source) text_add(to, "  # ");
    if (n->label) print_word(n->label, to);
    if (n->source) {
        text_add(to, n->label ? " = " : "= ");
        /* A source is shown as it was written unless that would break the line. */
        bool plain = *n->source != '"' && *n->source && *n->source != ' ';
        for (const char *s = n->source; *s; s++) plain = plain && (unsigned char)*s >= 0x20 && *s != 0x7F;
        if (plain) text_add(to, n->source);
        else print_quoted(n->source, to);
    }
    text_add(to, "\n");
    if (n->op == IR_REPEAT) print_block(n, indent, to);
}

static void print_nodes(const ir_graph *g, int indent, text *to) {
    for (const ir_node *n = g->first; n; n = n->next) print_node(n, indent, to);
}

static void print_graph(const ir_graph *g, const char *name, text *to) {
    if (!g->first) return;
    text_printf(to, "%s:\n", name);
    print_nodes(g, 2, to);
}

/* "output tags = %12" */
static void print_binding(const char *keyword, const char *name, const ir_value *v, text *to) {
    text_printf(to, "%s ", keyword);
    print_word(name, to);
    text_printf(to, " = %%%u\n", v->id);
}

static void print_declarations(const ir_model *m, text *to) {
    text_add(to, "model ");
    print_word(m->name, to);
    text_add(to, "\n");
    if (m->weights) {
        text_add(to, "weights ");
        print_quoted(m->weights, to);
        if (m->weights_prefix) text_add(to, " prefix ");
        if (m->weights_prefix) print_quoted(m->weights_prefix, to);
        text_add(to, "\n");
    }
    for (size_t i = 0; i < m->symbol_count; i++)
        text_printf(to, "dim %s = %" PRId64 "..%" PRId64 "\n", dim_symbol_name(m->symbols[i]), dim_min(m->symbols[i]),
                    dim_max(m->symbols[i]));
    for (size_t i = 0; i < m->input_count; i++) {
        text_add(to, "input ");
        print_word(m->inputs[i].name, to);
        text_add(to, "\n");
    }
    for (size_t i = 0; i < m->param_count; i++) {
        text_add(to, "param ");
        print_quoted(m->params[i].key, to);
        text_add(to, ": ");
        print_type(&m->params[i].type, to);
        if (m->params[i].wanted_by) {
            text_add(to, " for ");
            print_quoted(m->params[i].wanted_by, to);
        }
        if (ir_param_lives(&m->params[i]))
            text_printf(to, " %s %" PRId64, m->params[i].trained ? "trained" : "moving", m->params[i].offset);
        text_add(to, "\n");
    }
    for (size_t i = 0; i < m->state_count; i++) {
        text_add(to, "state ");
        print_word(m->states[i].name, to);
        text_add(to, ": ");
        print_type(&m->states[i].type, to);
        text_add(to, "\n");
    }
}

void ir_print(const ir_model *m, text *to) {
    print_declarations(m, to);
    print_graph(&m->reset, "reset", to);
    print_graph(&m->run, "run", to);
    for (size_t i = 0; i < m->output_count; i++) print_binding("output", m->outputs[i].name, m->outputs[i].value, to);
    for (size_t i = 0; i < m->state_count; i++) {
        if (m->states[i].next) print_binding("next", m->states[i].name, m->states[i].next, to);
        if (m->states[i].init) print_binding("init", m->states[i].name, m->states[i].init, to);
    }
    for (size_t i = 0; i < m->check_count; i++) {
        const ir_bound_check *c = &m->checks[i];
        text_printf(to, "check %s %%%u in ", ir_check_kind_name(c->kind), c->value->id);
        dim_print(c->low, to);
        text_add(to, "..");
        dim_print(c->high, to);
        if (c->has_except) text_printf(to, " or %" PRId64, c->except);
        text_add(to, "\n");
    }
}

/* ir_read: what ir_print.c writes, read back by recursive descent, a line a statement.
 *
 * The text is not trusted. Reading makes sure of what pointers and counts need: every value is defined before it is
 * used, numbers of operands fit op.def, indices are in range. Whether the model makes sense is ir_check's question.
 */
#include "ir/ir_attrs.h"
#include "ir/ir_scan.h"

#include <limits.h>
#include <string.h>

/* Ids index a table; this keeps one line of text from asking for gigabytes. */
enum { MAX_VALUE_ID = 1 << 20, MAX_NESTING = 32 };

typedef struct {
    scanner scan;
    arena *arena;
    ir_model *model;
    ir_graph *root;    /* run or reset, whichever is being read, or NULL */
    ir_graph *graph;   /* the one whose nodes are being read: root, or the body of block */
    ir_block *block;   /* the innermost one that is being read, or NULL */
    unsigned blocks;   /* how many are being read */
    ir_value **values; /* by id */
    const ir_graph **value_roots; /* NULL once the body is read that defines the value */
    size_t value_room;
    size_t value_end; /* the largest id + 1 */
} reader;

/* --- dims and types ---------------------------------------------------------------------------------------------- */

static const dim *read_dim(reader *r, unsigned depth);

static const dim *read_dim_factor(reader *r, unsigned depth) {
    if (scan_accept(&r->scan, "(")) {
        const dim *inner = read_dim(r, depth + 1);
        return inner && scan_want(&r->scan, ")") ? inner : NULL;
    }
    const char *name = scan_word(&r->scan, false);
    if (name) {
        for (size_t i = 0; i < r->model->symbol_count; i++)
            if (strcmp(dim_symbol_name(r->model->symbols[i]), name) == 0) return r->model->symbols[i];
        scan_fail(&r->scan, arena_printf(r->arena, "no dim %s", name));
        return NULL;
    }
    int64_t value;
    return scan_integer(&r->scan, 0, INT64_MAX, &value) ? dim_const(r->model->dims, value) : NULL;
}

static const dim *read_dim_product(reader *r, unsigned depth) {
    const dim *product = read_dim_factor(r, depth);
    while (product) {
        int64_t by;
        if (scan_accept(&r->scan, "//")) {
            if (!scan_integer(&r->scan, 1, (int64_t)1 << 53, &by)) return NULL;
            product = dim_floordiv(r->model->dims, product, by);
        } else if (scan_accept(&r->scan, "*")) {
            const dim *factor = read_dim_factor(r, depth);
            product = factor ? dim_mul(r->model->dims, product, factor) : NULL;
        } else {
            break;
        }
    }
    return product;
}

static const dim *read_dim(reader *r, unsigned depth) {
    if (depth > MAX_NESTING) {
        scan_fail(&r->scan, "too many parentheses");
        return NULL;
    }
    const dim *sum = dim_const(r->model->dims, 0);
    bool first = true;
    for (;;) {
        bool minus = scan_accept(&r->scan, "-");
        if (!minus && !first && !scan_accept(&r->scan, "+")) break;
        const dim *product = read_dim_product(r, depth);
        if (!product) return NULL;
        sum = minus ? dim_sub(r->model->dims, sum, product) : dim_add(r->model->dims, sum, product);
        first = false;
    }
    if (dim_is_huge(sum)) {
        scan_fail(&r->scan, "a dim that is too large");
        return NULL;
    }
    return sum;
}

static bool read_type(reader *r, ir_type *type) {
    const char *name = scan_word(&r->scan, false);
    unsigned t = IR_F32;
    while (name && t <= IR_BOOL && strcmp(name, ir_dtype_name((ir_dtype)t)) != 0) t++;
    if (!name || t > IR_BOOL) return scan_fail(&r->scan, "expected float32, int32 or bool");
    *type = (ir_type){.dtype = (ir_dtype)t};
    if (!scan_want(&r->scan, "[")) return false;
    if (scan_accept(&r->scan, "]")) return true;
    do {
        if (type->rank == IR_MAX_RANK) return scan_fail(&r->scan, "too many dims");
        const dim *d = read_dim(r, 0);
        if (!d) return false;
        type->dims[type->rank++] = d;
    } while (scan_accept(&r->scan, ","));
    return scan_want(&r->scan, "]");
}

/* --- nodes ------------------------------------------------------------------------------------------------------- */

static bool read_id(reader *r, unsigned *id) {
    return scan_want(&r->scan, "%") && scan_unsigned(&r->scan, MAX_VALUE_ID - 1, id);
}

/* A value that was defined in this graph of the model's, or in a body there that is still being read. */
static ir_value *read_value(reader *r, const ir_graph *g) {
    unsigned id;
    if (!read_id(r, &id)) return NULL;
    if (id < r->value_end && r->values[id] && r->value_roots[id] == g) return r->values[id];
    scan_fail(&r->scan, arena_printf(r->arena, "%%%u is not defined here", id));
    return NULL;
}

static void define(reader *r, ir_value *v, unsigned id) {
    if (id >= r->value_room) {
        size_t room = r->value_room ? r->value_room : 64;
        while (room <= id) room *= 2;
        ir_value **values = ARENA_ARRAY(r->arena, ir_value *, room);
        const ir_graph **graphs = ARENA_ARRAY(r->arena, const ir_graph *, room);
        for (size_t i = 0; i < r->value_end; i++) {
            values[i] = r->values[i];
            graphs[i] = r->value_roots[i];
        }
        r->values = values;
        r->value_roots = graphs;
        r->value_room = room;
    }
    r->values[id] = v;
    r->value_roots[id] = r->root;
    if (id >= r->value_end) r->value_end = (size_t)id + 1;
    v->id = id;
}

static bool read_attr(reader *r, ir_node *n, const ir_attr *row) {
    void *member = (unsigned char *)&n->attrs + row->offset;
    int64_t integer = 0;
    switch (row->kind) {
    case IR_ATTR_SIZE:
        if (!scan_integer(&r->scan, 0, INT32_MAX, &integer)) return false;
        *(size_t *)member = (size_t)integer;
        return true;
    case IR_ATTR_UNSIGNED: return scan_unsigned(&r->scan, INT_MAX, member);
    case IR_ATTR_INT: return scan_integer(&r->scan, INT64_MIN, INT64_MAX, member);
    case IR_ATTR_NUMBER: return scan_number(&r->scan, member);
    case IR_ATTR_BOOL:
        *(bool *)member = scan_accept(&r->scan, "true");
        return *(bool *)member || scan_want(&r->scan, "false");
    case IR_ATTR_VALUES: return scan_values(&r->scan, member);
    case IR_ATTR_AXES: return scan_axes(&r->scan, member);
    case IR_ATTR_PERM: return scan_perm(&r->scan, member, n->inputs[0]->type.rank);
    case IR_ATTR_DIM: return (*(const dim **)member = read_dim(r, 0)) != NULL;
    case IR_ATTR_PAD_MODE: return scan_pad_mode(&r->scan, member);
    case IR_ATTR_CELL: return scan_cell(&r->scan, member);
    case IR_ATTR_WEIGHTS: return scan_weights(&r->scan, member);
    case IR_ATTR_ACTIVATION: return scan_activation(&r->scan, member);
    }
    return scan_fail(&r->scan, "an attribute of no known kind");
}

/* NAME=VALUE … up to the colon, or, of a sink, to the line's end or a comment. An attribute that is not there is zero,
 * which not every attribute may be. */
static bool read_attrs(reader *r, ir_node *n) {
    size_t count;
    const ir_attr *rows = ir_attrs_of(n->op, &count);
    uint64_t seen = 0;
    while (!scan_next_is(&r->scan, ':') && !scan_next_is(&r->scan, '#') && !scan_next_is(&r->scan, '\n')) {
        const char *name = scan_word(&r->scan, false);
        size_t i = 0;
        while (name && i < count && strcmp(rows[i].name, name) != 0) i++;
        if (!name || i == count)
            return scan_fail(&r->scan, arena_printf(r->arena, "no attribute of %s", ir_op_name(n->op)));
        if (seen >> i & 1) return scan_fail(&r->scan, "an attribute that is there twice");
        seen |= (uint64_t)1 << i;
        if (!scan_want(&r->scan, "=") || !read_attr(r, n, &rows[i])) return false;
    }
    for (size_t i = 0; i < count; i++)
        if (!rows[i].quiet && !(seen >> i & 1))
            return scan_fail(&r->scan, arena_printf(r->arena, "%s needs %s=", ir_op_name(n->op), rows[i].name));
    return true;
}

/* "# label = source" */
static bool read_comment(reader *r, ir_node *n) {
    if (!scan_accept(&r->scan, "#")) return true;
    if (!scan_next_is(&r->scan, '=') && !(n->label = scan_name(&r->scan))) return false;
    if (!scan_accept(&r->scan, "=")) return true;
    if (scan_next_is(&r->scan, '"')) return (n->source = scan_quoted(&r->scan)) != NULL;
    const char *begin = r->scan.at;
    while (r->scan.at < r->scan.end && *r->scan.at != '\n' && *r->scan.at != 0) r->scan.at++;
    n->source = arena_strndup(r->arena, begin, (size_t)(r->scan.at - begin));
    return *n->source || scan_fail(&r->scan, "a source is missing");
}

/* A ROW or a CARRIED, and the block that it stands in. */
static bool link_to_block(reader *r, ir_node *n) {
    if (!r->block) return scan_fail(&r->scan, "outside of a block");
    const ir_node *head = r->block->repeat;
    if (n->attrs.index >= (n->op == IR_ROW ? ir_rows_of(head) : ir_carried_of(head)))
        return scan_fail(&r->scan, "an index past the block's");
    ir_value **slot = &(n->op == IR_ROW ? r->block->rows : r->block->carried)[n->attrs.index];
    if (*slot) return scan_fail(&r->scan, "a row or a carried value that is there twice");
    *slot = n->results[0];
    n->block = r->block;
    return true;
}

/* Links the model's table with the node that gives its value. */
static bool link_source(reader *r, ir_node *n) {
    ir_model *m = r->model;
    size_t i = n->attrs.index;
    size_t count = n->op == IR_INPUT ? m->input_count : n->op == IR_STATE ? m->state_count : m->param_count;
    if (n->op == IR_CONST || n->op == IR_SIZE || n->op == IR_TENSOR) return true;
    if (n->op == IR_ROW || n->op == IR_CARRIED) return link_to_block(r, n);
    if (i >= count) return scan_fail(&r->scan, "an index past the model's table");
    if (n->op == IR_INPUT) m->inputs[i].value = n->results[0];
    if (n->op == IR_STATE) m->states[i].value = n->results[0];
    return true;
}

static bool find_op(const char *name, ir_op *op) {
    for (unsigned i = 0; i < IR_OP_COUNT; i++) {
        *op = (ir_op)i;
        if (strcmp(name, ir_op_name(*op)) == 0) return true;
    }
    return false;
}

static bool read_op(reader *r, ir_op *op) {
    const char *name = scan_word(&r->scan, false);
    return (name && find_op(name, op)) || scan_fail(&r->scan, "no such operator");
}

static bool read_inputs(reader *r, ir_value ***inputs, unsigned *count) {
    size_t n = 0, capacity = 0;
    if (!scan_want(&r->scan, "(")) return false;
    while (!scan_accept(&r->scan, ")")) {
        if (n == IR_MANY || (n && !scan_want(&r->scan, ","))) return scan_fail(&r->scan, "expected an operand");
        ir_value *v = NULL;
        if (!scan_accept(&r->scan, "-") && !(v = read_value(r, r->root))) return false;
        ARENA_PUSH(r->arena, *inputs, n, capacity, v);
    }
    *count = (unsigned)n;
    return true;
}

/* The results of a node as they are written before it: ids, names, and behind it the types. */
typedef struct {
    unsigned id;
    const char *name;
    ir_type type;
} result_text;

typedef struct {
    result_text *items;
    size_t count, capacity;
} result_list;

static bool read_results(reader *r, result_list *list) {
    do {
        result_text result = {0};
        if (list->count == MAX_VALUE_ID) return scan_fail(&r->scan, "too many results");
        if (!read_id(r, &result.id)) return false;
        if (!scan_next_is(&r->scan, ',') && !scan_next_is(&r->scan, '=') && !(result.name = scan_name(&r->scan)))
            return false;
        ARENA_PUSH(r->arena, list->items, list->count, list->capacity, result);
    } while (scan_accept(&r->scan, ","));
    return true;
}

static bool read_types(reader *r, const result_list *list) {
    for (size_t i = 0; i < list->count; i++)
        if (!scan_want(&r->scan, i ? "," : ":") || !read_type(r, &list->items[i].type)) return false;
    return true;
}

static bool define_results(reader *r, ir_node *n, const result_list *list) {
    for (unsigned i = 0; i < n->result_count; i++) {
        const result_text *from = &list->items[i];
        n->results[i]->name = from->name;
        n->results[i]->type = from->type;
        if (from->id < r->value_end && r->values[from->id])
            return scan_fail(&r->scan, "an id that was given before");
        define(r, n->results[i], from->id);
    }
    return true;
}

static bool next_is_node(reader *r);
static bool read_node(reader *r);

/* The lines that end a body; *end: it was the last. */
static bool read_end_of_block(reader *r, const ir_node *head, unsigned *next, unsigned *collected, bool *end) {
    ir_block *b = r->block;
    *end = scan_accept(&r->scan, "end");
    if (*end)
        return (*next == ir_carried_of(head) && *collected == ir_collected_of(head)) ||
               scan_fail(&r->scan, "a block that does not say what it carries and collects");
    if (scan_accept(&r->scan, "next"))
        return *next < ir_carried_of(head) ? (b->next[(*next)++] = read_value(r, r->root)) != NULL
                                           : scan_fail(&r->scan, "more is carried than the block has");
    if (scan_accept(&r->scan, "collect"))
        return *collected < ir_collected_of(head) ? (b->collected[(*collected)++] = read_value(r, r->root)) != NULL
                                                  : scan_fail(&r->scan, "more is collected than the block has");
    if (!scan_want(&r->scan, "until")) return false;
    return (b->until = read_value(r, r->root)) != NULL;
}

static bool read_body(reader *r, const ir_node *head) {
    unsigned next = 0, collected = 0;
    for (bool end = false; !end;) {
        scan_blanks(&r->scan);
        if (r->scan.at == r->scan.end) return scan_fail(&r->scan, "a block without its end");
        bool good = *r->scan.at == '\n' || (next_is_node(r) ? read_node(r)
                                                                : read_end_of_block(r, head, &next, &collected, &end));
        if (!good || (!end && !scan_end_of_line(&r->scan))) return false;
    }
    return true;
}

/* What the body defines is not known behind it. */
static void close_graph(reader *r, const ir_graph *g) {
    for (const ir_node *n = g->first; n; n = n->next)
        for (unsigned i = 0; i < n->result_count; i++) r->value_roots[n->results[i]->id] = NULL;
}

/* `head` has been read up to its comment; the body stands on the lines below it. */
static bool read_block(reader *r, ir_node *head, const result_list *results) {
    arena *a = r->arena;
    if (head->attrs.rows > head->input_count || results->count < ir_carried_of(head))
        return scan_fail(&r->scan, "a wrong number of results");
    if (r->blocks == IR_MAX_BLOCKS) return scan_fail(&r->scan, "too many blocks in each other");
    head->result_count = (unsigned)results->count;
    ir_block *b = ARENA_NEW(a, ir_block), *around = r->block;
    ir_graph *graph = r->graph;
    b->rows = ARENA_ARRAY(a, ir_value *, head->attrs.rows);
    b->carried = ARENA_ARRAY(a, ir_value *, ir_carried_of(head));
    b->next = ARENA_ARRAY(a, ir_value *, ir_carried_of(head));
    b->collected = ARENA_ARRAY(a, ir_value *, ir_collected_of(head));
    b->repeat = head;
    r->block = b;
    r->graph = &b->body;
    r->blocks++;
    if (!scan_end_of_line(&r->scan) || !read_body(r, head)) return false;
    r->blocks--;
    r->graph = graph;
    r->block = around;
    close_graph(r, &b->body);
    for (unsigned i = 0; i < head->input_count; i++)
        if (!head->inputs[i]) return scan_fail(&r->scan, "an operand is missing");
    for (unsigned i = 0; i < ir_collected_of(head); i++)
        if (b->collected[i]->type.rank == IR_MAX_RANK) return scan_fail(&r->scan, "too many dims");
    ir_node *n = ir_add_repeat(r->model, graph, b, head->inputs, head->input_count, head->attrs.rows,
                               head->attrs.rounds, ir_collected_of(head), (span){0, 0});
    n->attrs = head->attrs;
    n->label = head->label;
    n->source = head->source;
    return define_results(r, n, results);
}

/* Room for the results that a RECURRENT keeps; of what type they are is read behind them. */
static bool read_kept(reader *r, ir_node *n) {
    if (n->op != IR_RECURRENT || !n->inputs[IR_REC_W_HH] || n->inputs[IR_REC_W_HH]->type.rank < 1)
        return scan_fail(&r->scan, "an operand is missing");
    n->result_count = ir_kept_from(n);
    ir_keep(r->model, n);
    return true;
}

/* The node behind its operator. */
static bool read_node_of(reader *r, ir_op op, const result_list *results) {
    ir_value **inputs = NULL;
    unsigned input_count = 0;
    if (!read_inputs(r, &inputs, &input_count)) return false;
    if (input_count < ir_op_min_inputs(op) || input_count > ir_op_max_inputs(op))
        return scan_fail(&r->scan, "a wrong number of operands");
    if (op == IR_PERMUTE && !inputs[0]) return scan_fail(&r->scan, "an operand is missing");
    if (!r->graph) return scan_fail(&r->scan, "a node outside of reset: and run:");
    if (op == IR_REPEAT) {
        ir_node n = {.op = op, .inputs = inputs, .input_count = input_count};
        return read_attrs(r, &n) && read_types(r, results) && read_comment(r, &n) && read_block(r, &n, results);
    }
    bool right = op == IR_RECURRENT ? results->count >= 2 && results->count <= 5 : results->count == ir_op_results(op);
    if (!right) return scan_fail(&r->scan, "a wrong number of results");
    ir_node *n = ir_add(r->model, r->graph, op, inputs, input_count, (span){0, 0});
    if (results->count < n->result_count) n->result_count = (unsigned)results->count;
    if (!read_attrs(r, n) || (n->attrs.keeps && !read_kept(r, n)) ||
        (n->result_count != results->count && scan_fail(&r->scan, "a wrong number of results")) ||
        !read_types(r, results) || !define_results(r, n, results))
        return false;
    if (ir_op_class_of(n->op) == IR_SOURCE && !link_source(r, n)) return false;
    return read_comment(r, n);
}

/* Its results, or the name of a sink, which has none. */
static bool next_is_node(reader *r) {
    ir_op op;
    if (scan_next_is(&r->scan, '%')) return true;
    const char *at = r->scan.at, *word = scan_word(&r->scan, false);
    r->scan.at = at;
    return word && find_op(word, &op) && ir_op_class_of(op) == IR_SINK;
}

static bool read_node(reader *r) {
    result_list results = {0};
    ir_op op;
    if (scan_next_is(&r->scan, '%') && (!read_results(r, &results) || !scan_want(&r->scan, "="))) return false;
    return read_op(r, &op) && read_node_of(r, op, &results);
}

/* --- statements -------------------------------------------------------------------------------------------------- */

static bool read_symbol(reader *r) {
    ir_model *m = r->model;
    const char *name = scan_word(&r->scan, false);
    int64_t low, high;
    if (!name) return scan_fail(&r->scan, "expected a name");
    for (size_t i = 0; i < m->symbol_count; i++)
        if (strcmp(dim_symbol_name(m->symbols[i]), name) == 0) return scan_fail(&r->scan, "a dim that is there twice");
    if (!scan_want(&r->scan, "=") || !scan_integer(&r->scan, 1, (int64_t)1 << 53, &low) || !scan_want(&r->scan, "..") ||
        !scan_integer(&r->scan, low, (int64_t)1 << 53, &high))
        return false;
    ARENA_PUSH(m->arena, m->symbols, m->symbol_count, m->symbol_capacity, dim_symbol(m->dims, name, low, high));
    m->symbol_where = ARENA_ARRAY(m->arena, span, m->symbol_capacity);
    return true;
}

static bool read_input(reader *r) {
    ir_model *m = r->model;
    ir_input input = {.name = scan_name(&r->scan)};
    if (input.name) ARENA_PUSH(m->arena, m->inputs, m->input_count, m->input_capacity, input);
    return input.name;
}

static bool read_param(reader *r) {
    ir_model *m = r->model;
    ir_param param = {.key = scan_quoted(&r->scan)};
    if (!param.key || !scan_want(&r->scan, ":") || !read_type(r, &param.type)) return false;
    if (scan_accept(&r->scan, "for") && !(param.wanted_by = scan_quoted(&r->scan))) return false;
    param.trained = scan_accept(&r->scan, "trained");
    param.moving = !param.trained && scan_accept(&r->scan, "moving");
    if (ir_param_lives(&param) && !scan_integer(&r->scan, 0, INT32_MAX, &param.offset)) return false;
    ARENA_PUSH(m->arena, m->params, m->param_count, m->param_capacity, param);
    return true;
}

static bool read_state(reader *r) {
    ir_model *m = r->model;
    ir_state state = {.name = scan_name(&r->scan)};
    if (!state.name || !scan_want(&r->scan, ":") || !read_type(r, &state.type)) return false;
    ARENA_PUSH(m->arena, m->states, m->state_count, m->state_capacity, state);
    return true;
}

static bool read_output(reader *r) {
    ir_model *m = r->model;
    ir_output output = {.name = scan_name(&r->scan)};
    if (!output.name || !scan_want(&r->scan, "=") || !(output.value = read_value(r, &m->run))) return false;
    ARENA_PUSH(m->arena, m->outputs, m->output_count, m->output_capacity, output);
    return true;
}

/* What a state's value becomes: after a run, or after a reset. */
static bool read_state_value(reader *r, bool next) {
    const char *name = scan_name(&r->scan);
    if (!name || !scan_want(&r->scan, "=")) return false;
    ir_value *v = read_value(r, next ? &r->model->run : &r->model->reset);
    if (!v) return false;
    for (size_t i = 0; i < r->model->state_count; i++) {
        ir_state *s = &r->model->states[i];
        if (strcmp(s->name, name) != 0) continue;
        if (next) s->next = v;
        else s->init = v;
        return true;
    }
    return scan_fail(&r->scan, arena_printf(r->arena, "no state %s", name));
}

static bool read_check(reader *r) {
    ir_model *m = r->model;
    ir_bound_check check = {.kind = IR_CHECK_TOKEN};
    if (scan_accept(&r->scan, "length")) check.kind = IR_CHECK_LENGTH;
    else if (scan_accept(&r->scan, "target")) check.kind = IR_CHECK_TARGET;
    else if (!scan_want(&r->scan, "token")) return false;
    if (!(check.value = read_value(r, &m->run)) || !scan_want(&r->scan, "in") || !(check.low = read_dim(r, 0)) ||
        !scan_want(&r->scan, "..") || !(check.high = read_dim(r, 0)))
        return false;
    check.has_except = scan_accept(&r->scan, "or ");
    if (check.has_except && !scan_integer(&r->scan, INT32_MIN, INT32_MAX, &check.except)) return false;
    ARENA_PUSH(m->arena, m->checks, m->check_count, m->check_capacity, check);
    return true;
}

static bool read_weights(reader *r) {
    r->model->weights = scan_quoted(&r->scan);
    if (!r->model->weights || !scan_accept(&r->scan, "prefix")) return r->model->weights != NULL;
    return (r->model->weights_prefix = scan_quoted(&r->scan)) != NULL;
}

static bool read_statement(reader *r) {
    if (next_is_node(r)) return read_node(r);
    const char *word = scan_word(&r->scan, false);
    if (!word) return scan_fail(&r->scan, "expected a statement");
    bool graph = strcmp(word, "run") == 0 || strcmp(word, "reset") == 0;
    if (graph) r->root = r->graph = word[1] == 'u' ? &r->model->run : &r->model->reset;
    if (graph) return scan_want(&r->scan, ":");
    if (strcmp(word, "weights") == 0) return read_weights(r);
    if (strcmp(word, "dim") == 0) return read_symbol(r);
    if (strcmp(word, "input") == 0) return read_input(r);
    if (strcmp(word, "param") == 0) return read_param(r);
    if (strcmp(word, "state") == 0) return read_state(r);
    if (strcmp(word, "output") == 0) return read_output(r);
    if (strcmp(word, "next") == 0) return read_state_value(r, true);
    if (strcmp(word, "init") == 0) return read_state_value(r, false);
    if (strcmp(word, "check") == 0) return read_check(r);
    return scan_fail(&r->scan, arena_printf(r->arena, "no statement %s", word));
}

/* Tables whose node never came would be NULL values in the model. */
static bool sources_are_there(reader *r) {
    for (size_t i = 0; i < r->model->input_count; i++)
        if (!r->model->inputs[i].value) return scan_fail(&r->scan, "an input without its node");
    for (size_t i = 0; i < r->model->state_count; i++)
        if (!r->model->states[i].value) return scan_fail(&r->scan, "a state without its node");
    return true;
}

ir_model *ir_read(arena *a, const char *text_begin, size_t length, const char **error) {
    reader r = {.arena = a, .scan = {.arena = a, .at = text_begin, .end = text_begin + length, .line = 1}};
    const char *name = scan_want(&r.scan, "model") ? scan_name(&r.scan) : NULL;
    bool good = name && scan_end_of_line(&r.scan);
    if (good) r.model = ir_model_new(a, dim_table_new(a), name, (span){0, 0});
    while (good && r.scan.at < r.scan.end) {
        scan_blanks(&r.scan);
        if (r.scan.at < r.scan.end && *r.scan.at != '\n') good = read_statement(&r);
        good = good && scan_end_of_line(&r.scan);
    }
    good = good && sources_are_there(&r);
    if (!good) {
        *error = r.scan.error;
        return NULL;
    }
    r.model->value_count = (unsigned)r.value_end;
    return r.model;
}

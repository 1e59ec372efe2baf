/* program: model.c: the runtime, each model's tables and kernels, then its reset and run functions.
 *
 * The run function checks everything before it writes anything, names the values in scratch, and calls the kernels in
 * the plan's order, in the plan's loops. */
#include <string.h>

#include "emit/banner.h"
#include "emit/emit.h"
#include "emit/kernel.h"

enum { DECIMAL_LIMIT = 16384 }; /* parameters; a larger model's weights are printed as bit patterns */

static const char *pointer_type(ir_dtype t, bool constant) {
    if (t == IR_F32) return constant ? "const float *" : "float *";
    return constant ? "const int32_t *" : "int32_t *";
}

/* --- kernels --- */

static void emit_kernel_body(emit_context *e, const plan_kernel *k, cfunction *f) {
    if (k->kind != PLAN_NODE) {
        emit_move(e, k, f);
        return;
    }
    switch (k->node->op) {
    case IR_RECURRENT: emit_recurrent(e, k, f); return;
    case IR_LINEAR: emit_linear(e, k, f); return;
    case IR_MATMUL: emit_matmul(e, k, f); return;
    case IR_CONV1D: emit_conv1d(e, k, f); return;
    case IR_LAYER_NORM: emit_reduce(e, k, f); return;
    case IR_BATCH_NORM: emit_elementwise(e, k, f); return;
    default: break;
    }
    switch (ir_op_class_of(k->node->op)) {
    case IR_UNARY:
    case IR_BINARY: emit_elementwise(e, k, f); return;
    case IR_REDUCE:
    case IR_NORMALIZE: emit_reduce(e, k, f); return;
    default: emit_move(e, k, f); return;
    }
}

/* Visits the memory operands of a kernel and of what is inlined in it, each parameter once, in the order of the C
 * function's parameters. */
typedef void operand_visitor(void *context, const plan_operand *o, bool constant);

typedef struct {
    operand_visitor *visit;
    void *context;
    const char *seen[64];
    size_t count;
} operand_walk;

static void walk_operand(operand_walk *w, const plan_operand *o, bool constant) {
    if (o->kind == PLAN_INLINE) {
        for (unsigned i = 0; i < o->inlined->input_count; i++) walk_operand(w, &o->inlined->inputs[i], constant);
        return;
    }
    if (o->kind != PLAN_MEMORY) return;
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->seen[i], o->name) == 0) return;
    if (w->count == sizeof w->seen / sizeof *w->seen) ice("a kernel of more than 64 operands");
    w->seen[w->count++] = o->name;
    w->visit(w->context, o, constant);
}

static void walk_operands(const plan_kernel *k, operand_visitor *visit, void *context) {
    operand_walk w = {visit, context, {0}, 0};
    for (unsigned i = 0; i < k->input_count; i++) walk_operand(&w, &k->inputs[i], true);
    for (unsigned i = 0; i < k->result_count; i++) walk_operand(&w, &k->results[i], false);
}

static void add_parameter(void *context, const plan_operand *o, bool constant) {
    c_parameter(context, pointer_type(o->view.type.dtype, constant), o->name);
}

/* A clearing or a copy of dense memory needs no function: it is a memset or memcpy in the run function. */
static bool is_plain(const emit_context *e, const plan_kernel *k) {
    const plan_view *to = &k->results[0].view;
    if (k->kind == PLAN_ZERO) return plan_view_dense(e->plan->dims, to);
    if (k->kind != PLAN_COPY || k->inputs[0].kind != PLAN_MEMORY) return false;
    const plan_view *from = &k->inputs[0].view;
    return from->type.dtype == to->type.dtype && ir_shape_same(&from->type, &to->type) &&
           plan_view_dense(e->plan->dims, from) && plan_view_dense(e->plan->dims, to);
}

static void emit_kernel_function(emit_context *e, plan_kernel *k) {
    if (is_plain(e, k)) return;
    k->function = emit_name(e, "%s", k->function + strlen(e->model) + 1);
    cfunction *f = c_function(e->unit, "static void", k->function, emit_shapes_comment(e, k));
    for (size_t i = 0; i < k->symbol_count; i++) c_parameter(f, "size_t", emit_symbol(e, k->symbols[i]));
    walk_operands(k, add_parameter, f);
    if (k->start) c_parameter(f, "size_t", "start");
    if (k->work) c_parameter(f, "float *", "work");
    emit_kernel_body(e, k, f);
    c_function_end(f);
}

/* --- run and reset --- */

typedef struct {
    emit_context *e;
    const emit_api *api;
    const char **buffers;   /* by plan buffer index: the local pointer's name, NULL if not in this procedure */
    cexpr *arguments[96];
    unsigned argument_count;
} caller;

static cexpr *base_of(caller *c, const plan_buffer *b) {
    cunit *u = c->e->unit;
    switch (b->place) {
    case PLAN_INPUT: return c_name(u, "%s", c->api->inputs[b->index]);
    case PLAN_OUTPUT: return c_name(u, "%s", c->api->outputs[b->index]);
    case PLAN_STATE: return c_member(u, c_name(u, "self"), c->api->states[b->index], true);
    case PLAN_TABLE: return emit_param(c->e, b->index);
    case PLAN_SCRATCH: return c_name(u, "%s", c->buffers[b->index]);
    }
    ice("no place");
}

static void add_argument(void *context, const plan_operand *o, bool constant) {
    (void)constant;
    caller *c = context;
    c->arguments[c->argument_count++] =
        c_add(c->e->unit, base_of(c, o->view.buffer), emit_dim(c->e, o->view.offset));
}

static void emit_plain(caller *c, cblock *b, const plan_kernel *k) {
    emit_context *e = c->e;
    cunit *u = e->unit;
    const plan_view *to = &k->results[0].view;
    cexpr *type = c_name(u, to->type.dtype == IR_F32 ? "float" : "int32_t");
    const dim *elements = ir_type_elements(e->plan->dims, &to->type);
    cexpr *bytes = c_mul(u, emit_dim(e, elements), c_call(u, "sizeof", 1, type));
    c->argument_count = 0;
    add_argument(c, &k->results[0], false);
    if (k->kind == PLAN_COPY) add_argument(c, &k->inputs[0], true);
    cexpr *first = c->arguments[0], *second = k->kind == PLAN_COPY ? c->arguments[1] : c_int(u, 0);
    c_do(b, c_call(u, k->kind == PLAN_COPY ? "memcpy" : "memset", 3, first, second, bytes));
}

static void emit_call(caller *c, cblock *b, const plan_kernel *k) {
    emit_context *e = c->e;
    if (is_plain(e, k)) {
        emit_plain(c, b, k);
        return;
    }
    c->argument_count = 0;
    for (size_t i = 0; i < k->symbol_count; i++)
        c->arguments[c->argument_count++] = c_name(e->unit, "%s", emit_symbol(e, k->symbols[i]));
    walk_operands(k, add_argument, c);
    if (k->start) c->arguments[c->argument_count++] = emit_dim(e, k->start);
    if (k->work) c->arguments[c->argument_count++] = base_of(c, k->work);
    c_do(b, c_call_list(e->unit, k->function, c->argument_count, c->arguments));
}

static void emit_items(caller *c, cblock *b, const plan_item *item) {
    cunit *u = c->e->unit;
    for (; item; item = item->next) {
        if (item->kernel) {
            emit_call(c, b, item->kernel);
            continue;
        }
        const char *start = emit_symbol(c->e, item->start), *extent = emit_symbol(c->e, item->extent);
        cexpr *whole = emit_dim(c->e, item->symbol), *chunk = c_int(u, item->chunk);
        cblock *body = c_for(b, start, c_int(u, 0), whole, item->chunk);
        cexpr *left = c_sub(u, whole, c_name(u, "%s", start));
        c_declare(body, "const size_t ", extent, c_conditional(u, c_binary(u, "<", left, chunk), left, chunk));
        emit_items(c, body, item->items);
    }
}

/* --- local names --- */

typedef struct {
    const char **names;
    size_t count;
} local_names;

static bool is_identifier(const char *s) {
    for (const char *c = s; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_' || (c != s && *c >= '0' && *c <= '9')))
            return false;
    return *s != 0;
}

static const char *local_name(emit_context *e, local_names *l, const char *wanted) {
    if (!wanted || !is_identifier(wanted)) wanted = "value";
    const char *name = emit_is_reserved(wanted) ? arena_printf(e->arena, "%s_", wanted) : wanted;
    for (unsigned n = 2;; n++) {
        bool taken = false;
        for (size_t i = 0; i < l->count; i++) taken = taken || strcmp(l->names[i], name) == 0;
        if (!taken) break;
        name = arena_printf(e->arena, "%s_%u", wanted, n);
    }
    l->names[l->count++] = name;
    return name;
}

static void collect_symbols(emit_context *e, const plan_item *item, local_names *l) {
    for (; item; item = item->next) {
        if (item->kernel) continue;
        l->names[l->count++] = emit_symbol(e, item->start);
        l->names[l->count++] = emit_symbol(e, item->extent);
        collect_symbols(e, item->items, l);
    }
}

static size_t count_items(const plan_item *item) {
    size_t n = 0;
    for (; item; item = item->next) n += item->kernel ? 1 : 2 + count_items(item->items);
    return n;
}

static void mark_buffer(void *context, const plan_operand *o, bool constant) {
    (void)constant;
    if (o->view.buffer->place == PLAN_SCRATCH) ((bool *)context)[o->view.buffer->index] = true;
}

static void declare_buffers(caller *c, cblock *b, const plan_procedure *procedure) {
    emit_context *e = c->e;
    const plan *p = e->plan;
    const ir_model *m = p->model;
    cunit *u = e->unit;
    bool *used = ARENA_ARRAY(e->arena, bool, p->buffer_count + 1);
    for (size_t i = 0; i < procedure->kernel_count; i++) {
        const plan_kernel *k = procedure->kernels[i];
        walk_operands(k, mark_buffer, used);
        if (k->work) used[k->work->index] = true;
    }
    local_names l = {ARENA_ARRAY(e->arena, const char *, p->buffer_count + 2 * m->symbol_count + m->input_count +
                                                             m->output_count + count_items(procedure->items) + 4), 0};
    for (size_t i = 0; i < m->symbol_count; i++) {
        l.names[l.count++] = c->api->dims[i];
        l.names[l.count++] = emit_symbol(e, m->symbols[i]);
    }
    for (size_t i = 0; i < m->input_count; i++) l.names[l.count++] = c->api->inputs[i];
    for (size_t i = 0; i < m->output_count; i++) l.names[l.count++] = c->api->outputs[i];
    collect_symbols(e, procedure->items, &l);
    const char *names[2] = {NULL, NULL};
    c->buffers = ARENA_ARRAY(e->arena, const char *, p->buffer_count + 1);
    for (size_t i = 0; i < p->buffer_count; i++) {
        if (!used[i]) continue;
        const plan_buffer *q = p->buffers[i];
        bool floats = q->dtype == IR_F32;
        if (!names[floats]) {
            names[floats] = local_name(e, &l, floats ? "floats" : "ints");
            cexpr *member = c_member(u, c_name(u, "self"), floats ? "scratch" : "scratch_ints", true);
            c_declare(b, floats ? "float *const " : "int32_t *const ", names[floats],
                      floats ? c_call(u, "nnc_align", 1, member) : member);
        }
        c->buffers[i] = local_name(e, &l, q->name);
        c_declare(b, floats ? "float *const " : "int32_t *const ", c->buffers[i],
                  c_add(u, c_name(u, "%s", names[floats]), c_int(u, q->offset)));
    }
}

/* --- checks --- */

static void emit_null_check(caller *c, cblock *b) {
    const ir_model *m = c->e->plan->model;
    cunit *u = c->e->unit;
    cexpr *test = c_binary(u, "==", c_name(u, "self"), c_name(u, "NULL"));
    for (size_t i = 0; i < m->input_count + m->output_count; i++) {
        const char *name = i < m->input_count ? c->api->inputs[i] : c->api->outputs[i - m->input_count];
        test = c_binary(u, "||", test, c_binary(u, "==", c_name(u, "%s", name), c_name(u, "NULL")));
    }
    c_return(c_if(b, test), c_name(u, "NNC_ERR_NULL"));
}

static void emit_dim_checks(caller *c, cblock *b) {
    const ir_model *m = c->e->plan->model;
    cunit *u = c->e->unit;
    for (size_t i = 0; i < m->symbol_count; i++) {
        cexpr *low = c_binary(u, "<", c_name(u, "%s", c->api->dims[i]), c_name(u, "%s_MIN", c->api->dim_macros[i]));
        cexpr *high = c_binary(u, ">", c_name(u, "%s", c->api->dims[i]), c_name(u, "%s_MAX", c->api->dim_macros[i]));
        c_return(c_if(b, c_binary(u, "||", low, high)), c_name(u, "NNC_ERR_DIM"));
    }
}

static void emit_index_check(caller *c, cblock *b, const plan_check *check) {
    emit_context *e = c->e;
    cunit *u = e->unit;
    const plan_view *v = &check->view;
    cexpr *index[IR_MAX_RANK] = {0};
    for (unsigned i = 0; i < v->type.rank; i++) {
        if (dim_is(v->type.dims[i], 1)) continue;
        const char *name = arena_printf(e->arena, "i%u_", i);
        b = c_for(b, name, c_int(u, 0), emit_dim(e, v->type.dims[i]), 1);
        index[i] = c_name(u, "%s", name);
    }
    cexpr *offset = c_add(u, emit_dim(e, v->offset), emit_offset(e, v, index));
    cexpr *element = c_index(u, base_of(c, v->buffer), offset);
    cexpr *low = c_binary(u, "<", element, emit_dim(e, check->low));
    cexpr *high = c_binary(u, ">", element, c_cast(u, "int32_t", emit_dim(e, check->high)));
    c_return(c_if(b, c_binary(u, "||", low, high)), c_name(u, check->is_length ? "NNC_ERR_LENGTH" : "NNC_ERR_TOKEN"));
}

/* Kernel functions and loops know a dim by another name where the .nn file's could be in a kernel's way. */
static void declare_dims(caller *c, cblock *b) {
    const ir_model *m = c->e->plan->model;
    for (size_t i = 0; i < m->symbol_count; i++) {
        const char *name = emit_symbol(c->e, m->symbols[i]);
        if (strcmp(name, c->api->dims[i]) == 0) continue;
        c_declare(b, "const size_t ", name, c_name(c->e->unit, "%s", c->api->dims[i]));
        c_do(b, c_cast(c->e->unit, "void", c_name(c->e->unit, "%s", name)));
    }
}

static void emit_run(caller *c) {
    emit_context *e = c->e;
    const plan *p = e->plan;
    const ir_model *m = p->model;
    cfunction *f = c_function(e->unit, "nnc_status", arena_printf(e->arena, "%s_run", c->api->name), NULL);
    c_parameter(f, arena_printf(e->arena, "%s *", c->api->name), "self");
    for (size_t i = 0; i < m->symbol_count; i++) c_parameter(f, "size_t", c->api->dims[i]);
    for (size_t i = 0; i < m->input_count; i++)
        c_parameter(f, pointer_type(m->inputs[i].value->type.dtype, true), c->api->inputs[i]);
    for (size_t i = 0; i < m->output_count; i++)
        c_parameter(f, pointer_type(m->outputs[i].value->type.dtype, false), c->api->outputs[i]);
    cblock *b = c_body(f);
    emit_null_check(c, b);
    emit_dim_checks(c, b);
    declare_dims(c, b);
    for (size_t i = 0; i < p->check_count; i++) emit_index_check(c, b, &p->checks[i]);
    if (p->run.kernel_count) c_blank(b);
    declare_buffers(c, b, &p->run);
    if (p->scratch_floats || p->scratch_ints) c_blank(b);
    emit_items(c, b, p->run.items);
    c_return(b, c_name(e->unit, "NNC_OK"));
    c_function_end(f);
}

static void emit_reset(caller *c) {
    emit_context *e = c->e;
    const plan *p = e->plan;
    cunit *u = e->unit;
    cfunction *f = c_function(u, "void", arena_printf(e->arena, "%s_reset", c->api->name), NULL);
    c_parameter(f, arena_printf(e->arena, "%s *", c->api->name), "self");
    cblock *b = c_body(f);
    cexpr *size = c_call(u, "sizeof", 1, c_unary(u, "*", c_name(u, "self")));
    c_do(b, c_call(u, "memset", 3, c_name(u, "self"), c_int(u, 0), size));
    declare_buffers(c, b, &p->reset);
    emit_items(c, b, p->reset.items);
    c_function_end(f);
}

/* --- the file --- */

static void emit_model(emit_context *e, const plan *p, const emit_api *api) {
    e->plan = p;
    e->model = api->name;
    int64_t parameters = 0;
    for (size_t i = 0; i < p->model->param_count; i++)
        parameters += dim_max(ir_type_elements(p->dims, &p->model->params[i].type));
    e->tables = parameters <= DECIMAL_LIMIT ? CTABLE_DECIMAL : CTABLE_BITS;
    emit_begin_model(e);
    caller c = {.e = e, .api = api};
    for (size_t i = 0; i < p->reset.kernel_count; i++) emit_kernel_function(e, p->reset.kernels[i]);
    for (size_t i = 0; i < p->run.kernel_count; i++) emit_kernel_function(e, p->run.kernels[i]);
    emit_reset(&c);
    emit_run(&c);
}

bool emit_source(const emit_options *o, const plan *const *plans, emit_api *const *apis, size_t count, FILE *to) {
    static const emit_target target = {"nnc_v4", 4, 16};
    arena *a = arena_new();
    emit_print_banner(o, arena_printf(a, "%.*s.c", (int)(strlen(o->header_name) - 2), o->header_name), to);
    fprintf(to, "#include \"%s\"\n\n#define NNC_GENERATED_FOR_RUNTIME %d\n", o->header_name, emit_runtime_version());
    if (o->standalone) fwrite(nnc_runtime_text, 1, nnc_runtime_size, to);
    else fputs("#include \"nnc_runtime.h\"\n", to);
    fputc('\n', to);
    emit_context e = {.arena = a, .unit = cunit_new(a), .target = &target, .unroll = o->unroll};
    /* no kernel of one model may take a name of another's interface */
    for (size_t i = 0; i < count; i++) {
        emit_reserve(&e, apis[i]->name);
        emit_reserve(&e, arena_printf(a, "%s_reset", apis[i]->name));
        emit_reserve(&e, arena_printf(a, "%s_run", apis[i]->name));
    }
    const char **types = ARENA_ARRAY(a, const char *, count);
    for (size_t i = 0; i < count; i++) {
        emit_model(&e, plans[i], apis[i]);
        types[i] = apis[i]->name;
    }
    cunit_protect(e.unit, types, count);
    bool done = cunit_print(e.unit, to);
    arena_free(a);
    return done;
}

/* training: see training.h. Gradients and parameters in and out; optimizers are in training_step.c, how parameters are
 * drawn in training_init.c. */
#include "emit/training.h"

#include <string.h>

#include "emit/pack.h"
#include "emit/procedure.h"
#include "emit/training_parts.h"

/* --- what all parts use --- */

training training_of(emit_context *e, const emit_api *api) {
    const ir_model *m = e->plan->model;
    training t = {.e = e, .u = e->unit, .api = api, .model = m, .training = m->training, .floats = ir_living_floats(m)};
    return t;
}

const char *training_name(const training *t, const char *what) {
    return arena_printf(t->e->arena, "%s_%s", t->api->name, what);
}

cexpr *training_member(const training *t, const char *member) {
    return c_member(t->u, c_name(t->u, "self"), member, true);
}

cexpr *training_element(const training *t, const char *member, cexpr *index) {
    return c_index(t->u, training_member(t, member), index);
}

cfunction *training_function(const training *t, const char *type, const char *what, const char *self_type) {
    cfunction *f = c_function(t->u, type, training_name(t, what), NULL);
    c_parameter(f, arena_printf(t->e->arena, "%s%s *", self_type, t->api->name), "self");
    return f;
}

cexpr *training_bytes(const training *t) {
    return c_mul(t->u, c_name(t->u, "%s_PARAM_FLOATS", t->api->upper), c_name(t->u, "sizeof(float)"));
}

void training_clear(const training *t, cblock *b, const char *member) {
    cexpr *size = c_call(t->u, "sizeof", 1, training_member(t, member));
    c_do(b, c_call(t->u, "memset", 3, training_member(t, member), c_int(t->u, 0), size));
}

bool training_has_step(const ir_model *m) { return m->training->optimizer_count > 0; }

bool training_has_dropout(const plan *p) {
    const plan_procedure *run = &p->train->run;
    for (size_t i = 0; i < run->kernel_count; i++)
        if (run->kernels[i]->kind == PLAN_NODE && run->kernels[i]->node->op == IR_DROPOUT) return true;
    return false;
}

/* Does a call of grad change parameters? */
static bool moves_parameters(const plan *p) {
    const plan_procedure *run = &p->train->run;
    for (size_t i = 0; i < run->kernel_count; i++) {
        const plan_kernel *k = run->kernels[i];
        if (k->kind == PLAN_NODE && (k->node->op == IR_UPDATE || k->node->op == IR_RENORM)) return true;
    }
    return false;
}

/* --- gradients --- */

/* status = FUNCTION(…); if (status != NNC_OK) return status; */
static void call_or_return(const training *t, cblock *b, const char *function, const signature *s) {
    cexpr *status = c_name(t->u, "status");
    c_declare(b, "const nnc_status ", "status", c_call_list(t->u, function, s->count, s->arguments));
    c_return(c_if(b, c_binary(t->u, "!=", status, c_name(t->u, "NNC_OK"))), status);
}

static signature arguments_of(emit_context *train, const emit_api *api) {
    signature s = {.e = train};
    s.arguments = ARENA_ARRAY(train->arena, cexpr *, procedure_arguments(train->plan));
    procedure_sign(&s, api, NULL);
    return s;
}

/* The next call's mask is another. */
static void count_call(const training *t, cblock *b) {
    cunit *u = t->u;
    cexpr *low = training_element(t, "random", c_int(u, 2)), *high = training_element(t, "random", c_int(u, 3));
    c_assign(b, low, "+=", c_int(u, 1));
    c_assign(c_if(b, c_binary(u, "==", low, c_int(u, 0))), high, "+=", c_int(u, 1));
}

static void grad_function(const training *t, emit_context *train, bool is_static) {
    const plan *p = t->e->plan;
    bool dropout = training_has_dropout(p), moves = moves_parameters(p);
    const char *storage = is_static ? "static nnc_status" : "nnc_status", *name = training_name(t, "grad");
    if (!dropout && !moves) {
        procedure_function(train, t->api->train, storage, name);
        return;
    }
    const char *inner = emit_name(t->e, "gradients");
    procedure_function(train, t->api->train, "static nnc_status", inner);
    cfunction *f = c_function(t->u, storage, name, NULL);
    procedure_sign(&(signature){.function = f, .e = train}, t->api->train, NULL);
    cblock *b = c_body(f);
    signature s = arguments_of(train, t->api->train);
    call_or_return(t, b, inner, &s);
    if (dropout) count_call(t, b);
    if (moves) pack_call(t->e, b, t->api);
    c_return(b, c_name(t->u, "NNC_OK"));
    c_function_end(f);
}

static void train_function(const training *t, emit_context *train) {
    cfunction *f = c_function(t->u, "nnc_status", training_name(t, "train"), NULL);
    procedure_sign(&(signature){.function = f, .e = train}, t->api->train, t->api->train->lr);
    cblock *b = c_body(f);
    signature s = arguments_of(train, t->api->train);
    call_or_return(t, b, training_name(t, "grad"), &s);
    c_return(b, c_call(t->u, training_name(t, "step"), 2, c_name(t->u, "self"), c_name(t->u, "%s", t->api->train->lr)));
    c_function_end(f);
}

/* --- arrays in and out --- */

static void copy_function(const training *t, const char *what, bool out, const char *member) {
    cunit *u = t->u;
    cfunction *f = training_function(t, "void", what, out ? "const " : "");
    c_parameter(f, out ? "float *" : "const float *", out ? "to" : "from");
    cblock *b = c_body(f);
    cexpr *inside = training_member(t, member), *outside = c_name(u, out ? "to" : "from");
    c_do(b, c_call(u, "memcpy", 3, out ? outside : inside, out ? inside : outside, training_bytes(t)));
    if (!out) pack_call(t->e, b, t->api);
    c_function_end(f);
}

static void copy_params_function(const training *t) {
    cunit *u = t->u;
    cfunction *f = training_function(t, "void", "copy_params", "");
    c_parameter(f, arena_printf(t->e->arena, "const %s *", t->api->name), "from");
    cblock *b = c_body(f);
    cexpr *from = c_member(u, c_name(u, "from"), "parameters", true);
    c_do(b, c_call(u, "memmove", 3, training_member(t, "parameters"), from, training_bytes(t)));
    pack_call(t->e, b, t->api);
    c_function_end(f);
}

static void zero_grad_function(const training *t) {
    cfunction *f = training_function(t, "void", "zero_grad", "");
    training_clear(t, c_body(f), "gradients");
    c_function_end(f);
}

/* --- files --- */

static void add_escaped(text *to, const char *s) {
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\') text_printf(to, "\\%c", c);
        else if (c == '\n') text_add(to, "\\n");
        else if (c == '\r') text_add(to, "\\r");
        else if (c == '\t') text_add(to, "\\t");
        else if (c == '\b') text_add(to, "\\b");
        else if (c == '\f') text_add(to, "\\f");
        else if (c < 0x20) text_printf(to, "\\u%04x", c);
        else text_add_n(to, s, 1);
    }
}

/* The JSON header of a .safetensors file of the struct's parameters, as the safetensors library writes it, padded. */
static const char *file_header(arena *a, const ir_model *m) {
    size_t count;
    const ir_param **all = ir_living_params(a, m, &count);
    text t = text_new(a);
    int64_t at = 0;
    text_add(&t, "{");
    for (size_t i = 0; i < count; i++) {
        const ir_type *type = &all[i]->type;
        int64_t end = at + 4 * dim_max(ir_type_elements(m->dims, type));
        text_add(&t, i ? ",\"" : "\"");
        if (m->weights_prefix) add_escaped(&t, m->weights_prefix);
        add_escaped(&t, all[i]->key);
        text_add(&t, "\":{\"dtype\":\"F32\",\"shape\":[");
        for (unsigned d = 0; d < type->rank; d++)
            text_printf(&t, "%s%lld", d ? "," : "", (long long)dim_max(type->dims[d]));
        text_printf(&t, "],\"data_offsets\":[%lld,%lld]}", (long long)at, (long long)end);
        at = end;
    }
    text_add(&t, "}");
    while (strlen(text_string(&t)) % 8) text_add(&t, " ");
    return text_string(&t);
}

enum { LENGTH_BYTES = 8 }; /* of the header, before it */

int64_t training_header_bytes(const ir_model *m) {
    return LENGTH_BYTES + (int64_t)strlen(file_header(m->arena, m));
}

/* As numbers: a string of this length is more than C99 promises to take. */
static void file_table(const training *t) {
    arena *a = t->e->arena;
    const char *header = file_header(a, t->model);
    uint64_t length = strlen(header);
    text line = text_new(a);
    c_top_line(t->u, "/* How what %s_save writes begins: the header of a .safetensors file. */", t->api->name);
    c_top_line(t->u, "static const unsigned char %s_file[] = {", t->api->name);
    for (uint64_t i = 0; i < length + LENGTH_BYTES; i++) {
        unsigned byte = i < LENGTH_BYTES ? (unsigned)(length >> 8 * i & 255u) : (unsigned char)header[i - LENGTH_BYTES];
        text_printf(&line, "%s%u,", i % 20 ? " " : "    ", byte);
        if (i % 20 != 19 && i + 1 < length + LENGTH_BYTES) continue;
        c_top_line(t->u, "%s", text_string(&line));
        line = text_new(a);
    }
    c_top_line(t->u, "};");
    c_top_blank(t->u);
}

/* Byte i of the four of a word. */
static cexpr *byte_at(const training *t, const char *bytes, int i) {
    cunit *u = t->u;
    return c_index(u, c_name(u, "%s", bytes), c_add(u, c_mul(u, c_int(u, 4), c_name(u, "i")), c_int(u, i)));
}

static void save_function(const training *t) {
    cunit *u = t->u;
    cfunction *f = training_function(t, "void", "save", "const ");
    c_parameter(f, "void *", "to");
    cblock *b = c_body(f);
    cexpr *size = c_call(u, "sizeof", 1, c_name(u, "%s_file", t->api->name)), *word = c_name(u, "word");
    c_do(b, c_call(u, "memcpy", 3, c_name(u, "to"), c_name(u, "%s_file", t->api->name), size));
    c_declare(b, "unsigned char *", "bytes", c_add(u, c_cast(u, "unsigned char *", c_name(u, "to")), size));
    b = c_for(b, "i", c_int(u, 0), c_name(u, "%s_PARAM_FLOATS", t->api->upper), 1);
    c_declare(b, "uint32_t ", "word", NULL);
    cexpr *from = c_unary(u, "&", training_element(t, "parameters", c_name(u, "i")));
    c_do(b, c_call(u, "memcpy", 3, c_unary(u, "&", word), from, c_call(u, "sizeof", 1, word)));
    for (int i = 0; i < 4; i++) {
        cexpr *part = i ? c_binary(u, "/", word, c_name(u, "%uu", 1u << 8 * i)) : word;
        c_assign(b, byte_at(t, "bytes", i), "=",
                 c_cast(u, "unsigned char", c_binary(u, "%", part, c_name(u, "256u"))));
    }
    c_function_end(f);
}

static void restore_function(const training *t) {
    cunit *u = t->u;
    cfunction *f = training_function(t, "nnc_status", "restore", "");
    c_parameter(f, "const void *", "from");
    c_parameter(f, "size_t", "bytes");
    cblock *b = c_body(f);
    cexpr *self = c_name(u, "self"), *from = c_name(u, "from"), *null = c_name(u, "NULL"), *word = c_name(u, "word");
    cexpr *size = c_call(u, "sizeof", 1, c_name(u, "%s_file", t->api->name));
    c_return(c_if(b, c_binary(u, "||", c_binary(u, "==", self, null), c_binary(u, "==", from, null))),
             c_name(u, "NNC_ERR_NULL"));
    cexpr *length = c_binary(u, "!=", c_name(u, "bytes"), c_name(u, "%s_SAVE_BYTES", t->api->upper));
    cexpr *header = c_call(u, "memcmp", 3, from, c_name(u, "%s_file", t->api->name), size);
    c_return(c_if(b, c_binary(u, "||", length, c_binary(u, "!=", header, c_int(u, 0)))), c_name(u, "NNC_ERR_WEIGHTS"));
    c_declare(b, "const unsigned char *", "data", c_add(u, c_cast(u, "const unsigned char *", from), size));
    cblock *loop = c_for(b, "i", c_int(u, 0), c_name(u, "%s_PARAM_FLOATS", t->api->upper), 1);
    cexpr *sum = NULL;
    for (int i = 0; i < 4; i++) {
        cexpr *part = c_cast(u, "uint32_t", byte_at(t, "data", i));
        if (i) part = c_mul(u, part, c_name(u, "%uu", 1u << 8 * i));
        sum = sum ? c_add(u, sum, part) : part;
    }
    c_declare(loop, "const uint32_t ", "word", sum);
    cexpr *to = c_unary(u, "&", training_element(t, "parameters", c_name(u, "i")));
    c_do(loop, c_call(u, "memcpy", 3, to, c_unary(u, "&", word), c_call(u, "sizeof", 1, word)));
    pack_call(t->e, b, t->api);
    c_return(b, c_name(u, "NNC_OK"));
    c_function_end(f);
}

/* --- the whole --- */

static bool has_file(const ir_model *m) {
    for (size_t i = 0; i < m->param_count; i++)
        if (ir_param_lives(&m->params[i]) && !m->params[i].data) return false;
    return true;
}

void training_before_reset(emit_context *e, const emit_api *api) {
    training t = training_of(e, api);
    pack_function(e, api);
    training_init_function(&t);
}

static void fill_first(void *context, float *values) {
    const ir_model *m = context;
    for (size_t i = 0; i < m->param_count; i++) {
        const ir_param *p = &m->params[i];
        if (!ir_param_lives(p)) continue;
        memcpy(values + p->offset, p->data, (size_t)dim_max(ir_type_elements(m->dims, &p->type)) * sizeof *values);
    }
}

void training_first_parameters(emit_context *e, const emit_api *api, cblock *b) {
    training t = training_of(e, api);
    cunit *u = e->unit;
    if (!has_file(t.model)) {
        c_do(b, c_call(u, training_name(&t, "init"), 2, c_name(u, "self"), c_int(u, 0)));
        return;
    }
    cexpr *table = emit_table(e, "first_parameters", (size_t)t.floats, false, fill_first, t.model,
                              "the weights file's parameters, in ascending order of their keys");
    c_do(b, c_call(u, "memcpy", 3, training_member(&t, "parameters"), table, training_bytes(&t)));
    pack_call(e, b, api);
}

static void reset_state_function(const training *t) {
    const ir_model *m = t->model;
    if (!m->state_count) return;
    cfunction *f = training_function(t, "void", "reset_state", "");
    for (size_t i = 0; i < m->state_count; i++) training_clear(t, c_body(f), t->api->states[i]);
    procedure_states(t->e, t->api, f);
    c_function_end(f);
}

static void seed_function(const training *t) {
    cunit *u = t->u;
    cfunction *f = training_function(t, "void", "seed", "");
    c_parameter(f, "uint64_t", "seed");
    cblock *b = c_body(f);
    cexpr *seed = c_name(u, "seed");
    c_assign(b, training_element(t, "random", c_int(u, 0)), "=", c_cast(u, "uint32_t", seed));
    c_assign(b, training_element(t, "random", c_int(u, 1)), "=", c_cast(u, "uint32_t", c_binary(u, "/", seed, c_name(u, "UINT64_C(4294967296)"))));
    c_assign(b, training_element(t, "random", c_int(u, 2)), "=", c_int(u, 0));
    c_assign(b, training_element(t, "random", c_int(u, 3)), "=", c_int(u, 0));
    c_function_end(f);
}

void training_functions(emit_context *e, emit_context *eval, emit_context *train, const emit_api *api, bool train_only) {
    training t = training_of(e, api);
    reset_state_function(&t);
    if (training_has_dropout(e->plan)) seed_function(&t);
    procedure_function(eval, api->eval, "nnc_status", training_name(&t, "eval"));
    grad_function(&t, train, train_only);
    if (training_has_step(t.model)) {
        training_step_function(&t, train_only);
        train_function(&t, train);
    }
    zero_grad_function(&t);
    copy_function(&t, "get_params", true, "parameters");
    copy_function(&t, "set_params", false, "parameters");
    if (!train_only) copy_function(&t, "get_grads", true, "gradients");
    copy_params_function(&t);
    file_table(&t);
    save_function(&t);
    restore_function(&t);
}

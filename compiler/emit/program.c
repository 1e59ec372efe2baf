/* program: model.c: the runtime, then tables and kernels, a body after another, and the models' reset and run
 * functions. What stands before the first #if is complete C for any compiler. */
#include <stdlib.h>
#include <string.h>

#include "emit/banner.h"
#include "emit/bodies.h"
#include "format/format.h"
#include "emit/call.h"
#include "emit/procedure.h"
#include "emit/runtime.h"
#include "emit/target.h"
#include "emit/training.h"
#include "emit/weights_file.h"
#include "support/memory.h"

enum { DECIMAL_LIMIT = 16384 }; /* parameters; a larger model's weights are printed as bit patterns */

static ctable_style style_of(const plan *p) {
    int64_t parameters = 0;
    for (size_t i = 0; i < p->model->param_count; i++)
        parameters += ir_param_elements(&p->model->params[i]);
    return parameters <= DECIMAL_LIMIT ? CTABLE_DECIMAL : CTABLE_BITS;
}

static void emit_body(emit_context *e, const emit_api *api) {
    const plan *p = e->plan;
    /* the reset function has one body, that of the first target */
    for (size_t i = 0; e->body == 0 && i < p->reset.kernel_count; i++) call_function(e, p->reset.kernels[i]);
    for (size_t i = 0; i < p->check_count; i++)
        if (p->checks[i].computed) call_function(e, p->checks[i].computed);
    for (size_t i = 0; i < p->run.kernel_count; i++) call_function(e, p->run.kernels[i]);
    procedure_body(e, api);
}

/* A model's plans: that of run, and those of training. */
typedef struct {
    emit_context modes[PLAN_MODES];
    const emit_api *apis[PLAN_MODES];
    size_t count;
} emitted;

/* All models' kernels and bodies for one target. */
static void emit_bodies(emitted *models, size_t count, size_t body) {
    bool any = body == 0;
    for (size_t i = 0; i < count; i++)
        any = any || bodies_are_noted(models[i].modes[0].plan, models[i].modes[0].target_count);
    if (!any) return;
    const emit_context *first = &models->modes[0];
    if (body) c_top_line(first->unit, "#if %s\n", first->targets[body]->guard);
    for (size_t i = 0; i < count; i++) {
        emitted *m = &models[i];
        for (size_t k = 0; k < m->count; k++) emit_use_body(&m->modes[k], body);
        if (m->count > 1) training_steps(&m->modes[0], &m->modes[2], m->apis[0]);
        for (size_t k = 0; k < m->count; k++) emit_body(&m->modes[k], m->apis[k]);
    }
    if (body) c_top_line(first->unit, "#endif\n");
}

static emitted begin_model(const emit_context *e, const plan *p, const emit_api *api) {
    const plan *plans[PLAN_MODES];
    emitted m = {.apis = {api, api->eval, api->train}, .count = plan_modes(p, plans)};
    bool in_parts = false;
    for (size_t k = 0; k < m.count; k++) in_parts = in_parts || plans[k]->run.has_parts;
    for (size_t k = 0; k < m.count; k++) {
        m.modes[k] = *e;
        m.modes[k].in_parts = in_parts;
        m.modes[k].plan = plans[k];
        m.modes[k].trains = m.count > 1;
        m.modes[k].model = plans[k]->model->name;
        m.modes[k].tables = style_of(p);
        emit_begin_model(&m.modes[k]);
    }
    return m;
}

static void emit_functions(emitted *m) {
    for (size_t k = 0; k < m->count; k++) emit_use_body(&m->modes[k], 0);
    bool trains = m->count > 1;
    if (trains) training_before_reset(&m->modes[0], m->apis[0]);
    procedure_reset(&m->modes[0], m->apis[0]);
    procedure_run(&m->modes[0], m->apis[0]);
    if (trains) training_functions(&m->modes[0], &m->modes[1], &m->modes[2], m->apis[0]);
}

static void emit_models(const emit_context *e, const plan *const *plans, emit_api *const *apis, size_t count) {
    emitted *models = ARENA_ARRAY(e->arena, emitted, count);
    for (size_t i = 0; i < count; i++) models[i] = begin_model(e, plans[i], apis[i]);
    for (size_t body = 0; body < e->target_count; body++) emit_bodies(models, count, body);
    for (size_t i = 0; i < count; i++) emit_functions(&models[i]);
}

static emit_context begin(arena *a, const char *target, const plan *const *plans, size_t count) {
    emit_context e = {.arena = a, .unit = cunit_new(a), .file = emit_file_new(a)};
    if (!target_select(&e, target)) ice("no target %s", target);
    for (size_t i = 0; i < count && !e.dots; i++)
        if (format_is_used(plans[i]->model, FORMAT_INT8)) target_use_dots(&e);
    return e;
}

static void fill_unit(emit_context *e, const plan *const *plans, emit_api *const *apis, size_t count) {
    /* no kernel of one model may take a name of another's interface, or one that hides it where it is called */
    for (size_t i = 0; i < count; i++) {
        const char *const *names;
        size_t defined = emit_defined_names(e->arena, plans[i]->model, apis[i]->weights != NULL, &names);
        for (size_t k = 0; k < defined; k++) name_set_take(e->file->names, names[k]);
        emit_take_parameters(e->file->names, plans[i]->model, apis[i]);
    }
    name_set *protected = name_set_new(e->arena);
    for (size_t i = 0; i < count; i++) {
        name_set_take(protected, apis[i]->name);
        name_set_take(protected, apis[i]->type);
    }
    if (apis[0]->weights) cunit_weights_beside(e->unit, apis[0]->weights);
    emit_models(e, plans, apis, count);
    if (apis[0]->weights) name_set_take(protected, apis[0]->weights_argument);
    cunit_protect(e->unit, protected);
    if (!apis[0]->weights) return;
    cunit_hand_weights_on(e->unit, apis[0]->weights_argument);
    for (size_t i = 0; i < count; i++) procedure_weights_at(e, apis[i]);
}

/* What follows the runtime. */
static bool print_code(emit_context *e, const emit_options *o, FILE *to) {
    fprintf(to, "\n#include \"%s\"\n\n", o->header_name);
    if (*e->target->guard)
        fprintf(to, "#if !%s\n#error \"this file was generated with --target=%s\"\n#endif\n\n", e->target->guard,
                o->target);
    if (o->section)
        fputs("#if !defined(__GNUC__)\n#error \"--const-section needs the attributes of gcc or clang\"\n#endif\n\n",
              to);
    return cunit_print(e->unit, to);
}

/* What the runtime asks for with #if: of one macro, where it is to be set, the line that defines it. */
static void print_macro(bool set, const char *name, const char *user, FILE *to) {
    if (set && (!user || strstr(user, name))) fprintf(to, "#define %s 1\n", name);
}

/* Of a standalone file, `user` is all that may ask. */
static void print_macros(const emit_context *e, bool weights_beside, const char *user, FILE *to) {
    bool wide = e->target_count > 1 || *e->target->guard;
    fprintf(to, "#define NNC_GENERATED_FOR_RUNTIME %d\n", emit_runtime_version());
    print_macro(wide, "NNC_WIDE_VECTORS", user, to);
    print_macro(e->target->body->rolled, "NNC_ONE_LANE", user, to);
    print_macro(weights_beside, "NNC_WEIGHTS_BESIDE", user, to);
    print_macro(wide && e->dots, "NNC_WIDE_DOTS", user, to);
}

/* The parts of the runtime that the code uses, and the code. */
static bool print_standalone(emit_context *e, const emit_options *o, bool weights_beside, FILE *to) {
    char *code, *runtime;
    size_t size, runtime_size;
    FILE *buffer = memory_open(&code, &size);
    bool done = print_code(e, o, buffer);
    memory_close(buffer);
    buffer = memory_open(&runtime, &runtime_size);
    emit_print_runtime(code, buffer);
    memory_close(buffer);
    print_macros(e, weights_beside, runtime, to);
    fwrite(runtime, 1, runtime_size, to);
    fwrite(code, 1, size, to);
    free(runtime);
    free(code);
    return done;
}

bool emit_source(const emit_options *o, const plan *const *plans, emit_api *const *apis, size_t count, FILE *to) {
    arena *a = arena_new();
    emit_print_banner(o, o->code_name, to);
    for (size_t i = 0; i < count; i++) emit_print_formats(plans[i]->model, to);
    emit_context e = begin(a, o->target, plans, count);
    bool beside = apis[0]->weights != NULL, done;
    if (o->section) cunit_set_section(e.unit, o->section);
    fill_unit(&e, plans, apis, count);
    if (o->standalone) {
        done = print_standalone(&e, o, beside, to);
    } else {
        /* the runtime first: its locals must not hide a type of the header, whatever the models are called */
        print_macros(&e, beside, NULL, to);
        fputs("#include \"nnc_runtime.h\"\n", to);
        done = print_code(&e, o, to);
    }
    arena_free(a);
    return done;
}

bool emit_weights(const emit_options *o, const plan *const *plans, emit_api *const *apis, size_t count, FILE *to) {
    arena *a = arena_new();
    emit_context e = begin(a, o->target, plans, count);
    fill_unit(&e, plans, apis, count);
    bool done = weights_file_write(e.unit, o->big_endian, to);
    arena_free(a);
    return done;
}

size_t emit_table_bytes(const char *target, const plan *const *plans, emit_api *const *apis, size_t count) {
    arena *a = arena_new();
    emit_context e = begin(a, target, plans, count);
    fill_unit(&e, plans, apis, count);
    size_t bytes = cunit_table_bytes(e.unit);
    arena_free(a);
    return bytes;
}

/* program: model.c: the runtime, then each model's tables, kernels, and its reset and run functions. */
#include <string.h>

#include "emit/banner.h"
#include "emit/call.h"
#include "emit/procedure.h"
#include "emit/target.h"

enum { DECIMAL_LIMIT = 16384 }; /* parameters; a larger model's weights are printed as bit patterns */

static void emit_model(emit_context *e, const plan *p, const emit_api *api) {
    e->plan = p;
    e->model = api->name;
    int64_t parameters = 0;
    for (size_t i = 0; i < p->model->param_count; i++)
        parameters += dim_max(ir_type_elements(p->dims, &p->model->params[i].type));
    e->tables = parameters <= DECIMAL_LIMIT ? CTABLE_DECIMAL : CTABLE_BITS;
    emit_begin_model(e);
    /* the reset function has one body, that of the first target */
    for (size_t i = 0; i < p->reset.kernel_count; i++) call_function(e, p->reset.kernels[i], 1);
    for (size_t i = 0; i < p->run.kernel_count; i++) call_function(e, p->run.kernels[i], e->target_count);
    procedure_reset(e, api);
    procedure_run(e, api);
}

bool emit_source(const emit_options *o, const plan *const *plans, emit_api *const *apis, size_t count, FILE *to) {
    arena *a = arena_new();
    emit_print_banner(o, arena_printf(a, "%.*s.c", (int)(strlen(o->header_name) - 2), o->header_name), to);
    emit_context e = {.arena = a, .unit = cunit_new(a), .names = name_set_new(a)};
    if (!target_select(&e, o->target)) ice("no target %s", o->target);
    /* the runtime first: its locals must not hide a type of the header, whatever the models are called */
    fprintf(to, "#define NNC_GENERATED_FOR_RUNTIME %d\n", emit_runtime_version());
    bool wide = e.target_count > 1 || *e.target->guard;
    if (wide) fputs("#define NNC_WIDE_VECTORS 1\n", to);
    if (o->standalone) emit_print_runtime(to);
    else fputs("#include \"nnc_runtime.h\"\n", to);
    fprintf(to, "\n#include \"%s\"\n\n", o->header_name);
    if (*e.target->guard)
        fprintf(to, "#if !%s\n#error \"this file was generated with --target=%s\"\n#endif\n\n", e.target->guard,
                o->target);
    /* no kernel of one model may take a name of another's interface */
    for (size_t i = 0; i < count; i++) {
        name_set_take(e.names, apis[i]->name);
        name_set_take(e.names, arena_printf(a, "%s_reset", apis[i]->name));
        name_set_take(e.names, arena_printf(a, "%s_run", apis[i]->name));
    }
    name_set *types = name_set_new(a);
    for (size_t i = 0; i < count; i++) {
        emit_model(&e, plans[i], apis[i]);
        name_set_take(types, apis[i]->name);
    }
    cunit_protect(e.unit, types);
    bool done = cunit_print(e.unit, to);
    arena_free(a);
    return done;
}

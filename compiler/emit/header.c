/* header: model.h, what a user's program sees. Stands alone: the few shared declarations are
 * repeated, guarded. */

#include "ctree/reserved.h"
#include "emit/arguments.h"
#include "emit/banner.h"
#include "emit/bodies.h"
#include "emit/emit.h"
#include "emit/procedure.h"
#include "emit/runtime.h"
#include "emit/target.h"
#include "emit/training.h"

/* Models of one file have one file of weights, and one struct, that of the first. */
static void print_weights(const emit_api *api, const emit_api *first, FILE *to) {
    fprintf(to,
            "/* The weights, beside the code: what nnc wrote to the file, as it lies in memory, mapped, read, or in "
            "flash.\n"
            " * Nothing keeps the pointer: each call may take another training's, and any number of threads may share "
            "one. */\n");
    fprintf(to, "typedef struct %s %s;\n", first->weights, api->weights);
    fprintf(to,
            "/* Checks all of it and copies nothing: the data are the weights, and must stay where they are.\n"
            " *   data         on a multiple of 64\n"
            " *   bytes        the file's size\n"
            " *   status       NULL, or where to say what is wrong: NNC_OK, NNC_ERR_NULL, or one of NNC_ERR_WEIGHTS_…\n"
            " * Returns NULL where something is wrong. */\n");
    fprintf(to, "const %s *%s_at(const void *data, size_t bytes, nnc_status *status);\n\n", api->weights, api->weights);
}

/* With room for alignment. */
static int64_t scratch_floats(const plan *p) {
    int64_t most = plan_scratch(p, true);
    return most ? most + EMIT_SCRATCH_ALIGNMENT - 1 : 0;
}

emit_members emit_struct_members(arena *a, const plan *p, const emit_api *api, const char *target) {
    const ir_model *m = p->model;
    emit_members all = {0};
    emit_context e = {0};
    if (!target_select(&e, target)) ice("no target %s", target);
    emit_member *parts = ARENA_ARRAY(a, emit_member, m->state_count + 5);
    for (size_t i = 0; i < m->state_count; i++)
        parts[i] = (emit_member){emit_type(m->states[i].type.dtype), api->states[i],
                                 dim_max(p->state_buffers[i]->elements), ir_type_string(a, &m->states[i].type), true};
    emit_member *own = parts + m->state_count;
    own[0] = (emit_member){"int32_t", "instruction_set", bodies_are_noted(p, e.target_count),
                           arena_printf(a, "noted by %s_reset", api->name), false};
    own[1] = (emit_member){"int32_t", "turn", procedure_has_turns(p),
                           "1: this run takes the weights backwards, as the cache has them", false};
    own[2] = (emit_member){"float", "scratch", scratch_floats(p), NULL, false};
    own[3] = (emit_member){"int32_t", "scratch_ints", plan_scratch(p, false), NULL, false};
    if (p->train) training_members(a, p, &all);
    for (size_t i = 0; i < m->state_count + 4; i++)
        if (parts[i].elements) ARENA_PUSH(a, all.items, all.count, all.capacity, parts[i]);
    own[4] = (emit_member){"int32_t", "unused", 1, "this model keeps nothing", false};
    if (!all.count) ARENA_PUSH(a, all.items, all.count, all.capacity, own[4]);
    return all;
}

static void print_struct(const plan *p, const emit_api *api, const char *target, FILE *to) {
    arena *a = arena_new();
    emit_members members = emit_struct_members(a, p, api, target);
    fprintf(to,
            "/* State and scratch of one running model: place it statically, on the stack or on the heap. Copied by\n"
            " * assignment it is a snapshot. The members are the model's own. */\n");
    fprintf(to, "typedef struct %s %s;\nstruct %s {\n", api->type, api->type, api->type);
    for (size_t i = 0; i < members.count; i++) {
        const emit_member *m = &members.items[i];
        fprintf(to, "    %s %s[%lld];", m->type, m->name, (long long)m->elements);
        if (m->comment) fprintf(to, " /* %s */", m->comment);
        fputc('\n', to);
    }
    fprintf(to, "};\n\n");
    arena_free(a);
}

/* Where a function of C has the model's name, which in a file that includes the header is the type from here on. */
static void print_alias(const emit_api *api, const char *function_header, FILE *to) {
    fprintf(to,
            "\n/* %s is %s, though <%s> has a function of this name: a call of it behind this header does not\n"
            " * compile; the struct is %s in any case. */\n"
            "#undef %s\n#define %s %s\n#define %s(...) %s_is_a_model_in_this_file\n",
            api->name, api->type, function_header, api->type, api->name, api->name, api->type, api->type, api->name);
}

static void print_model(const plan *p, const emit_api *api, const emit_api *first, const emit_options *o, FILE *to) {
    const ir_model *m = p->model;
    arena *a = arena_new();
    /* the guard is made of what it guards: files of one name may be included together, files of one model are not */
    fprintf(to, "/* ---- %s ---- */\n\n#ifndef NNC_MODEL_%s\n#define NNC_MODEL_%s\n\n", api->name, api->name,
            api->name);
    for (size_t i = 0; i < m->symbol_count; i++) {
        fprintf(to, "#define %s_MIN %lld\n", api->dim_macros[i], (long long)dim_min(m->symbols[i]));
        fprintf(to, "#define %s_MAX %lld\n", api->dim_macros[i], (long long)dim_max(m->symbols[i]));
    }
    if (m->symbol_count) fputc('\n', to);
    emit_print_formats(m, to);
    if (p->train) training_print_macros(p, api, to);
    print_struct(p, api, o->target, to);
    if (api->weights) print_weights(api, first, to);
    fprintf(to, "/* %s; call before the first run. */\n",
            p->train         ? "Sets parameters, moments, gradients, steps, seed and state as at first"
            : m->state_count ? "Sets the first state"
                             : "Makes the model ready");
    fprintf(to, "void %s_reset(%s *self", api->name, api->type);
    if (api->weights) fprintf(to, ", const %s *%s", api->weights, api->weights_argument);
    fputs(");\n\n", to);
    fprintf(to,
            "/* Runs the model once. Tensors are dense and row-major; an output may not overlap another argument.\n"
            " * Returns NNC_OK, or an error, and then outputs and state are as they were.\n");
    arguments_print(m, api, to);
    fprintf(to, " */\n");
    const char *head = arena_printf(a, "nnc_status %s_run(", api->name);
    emit_print_wrapped(to, head, arguments_declared(a, m, api, NULL), ");");
    if (p->train) training_print_declarations(p, api, to);
    const char *function_header = c_function_header(api->name);
    if (function_header) print_alias(api, function_header, to);
    fputs("\n#endif\n\n", to);
    arena_free(a);
}

/* Headers whose functions models are called as must come before the models' names. */
static void print_includes(emit_api *const *apis, size_t count, FILE *to) {
    fputs("#include <stddef.h>\n#include <stdint.h>\n", to);
    for (size_t i = 0; i < count; i++) {
        const char *header = c_function_header(apis[i]->name);
        bool before = false;
        for (size_t k = 0; header && k < i; k++) before |= header == c_function_header(apis[k]->name);
        if (header && !before) fprintf(to, "#include <%s>\n", header);
    }
    fputc('\n', to);
}

bool emit_header(const emit_options *o, const plan *const *plans, emit_api *const *apis, size_t count, FILE *to) {
    arena *a = arena_new();
    emit_print_banner(o, o->header_name, to);
    print_includes(apis, count, to);
    fprintf(to, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    emit_print_status(to);
    fputc('\n', to);
    for (size_t i = 0; i < count; i++) print_model(plans[i], apis[i], apis[0], o, to);
    fprintf(to, "#ifdef __cplusplus\n}\n#endif\n");
    arena_free(a);
    return fflush(to) == 0 && !ferror(to);
}

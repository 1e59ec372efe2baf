/* api: names of the interface. The .nn file's names are kept; what C, C++ or the interface has taken gets a trailing
 * underscore, and an output that is also an input is NAME_out. */
#include <ctype.h>
#include <string.h>

#include "ctree/reserved.h"
#include "emit/emit.h"
#include "support/name_set.h"

static const char *upper(arena *a, const char *name) {
    char *u = arena_strdup(a, name);
    for (char *c = u; *c; c++) *c = (char)toupper((unsigned char)*c);
    return u;
}

/* The names that a model defines in C: without training, with it, and where its weights stand beside the code. */
static const char *const endings[] = {"",           "_reset",      "_run",        "_reset_state", "_init",
                                      "_seed",      "_eval",       "_grad",       "_step",        "_train",
                                      "_zero_grad", "_get_params", "_set_params", "_get_grads",   "_copy_params",
                                      "_save",      "_restore",    "_pack",       "_file"};
static const char *const beside_endings[] = {"_weights", "_weights_at"};
enum { ENDINGS = sizeof endings / sizeof *endings, WITHOUT_TRAINING = 3, BESIDE = 2 };

/* In C a type and a function cannot both be `free`. */
static const char *type_name(arena *a, const char *model) {
    return c_function_header(model) ? arena_printf(a, "%s_struct", model) : model;
}

size_t emit_defined_names(arena *a, const ir_model *m, bool weights_beside, const char *const **names) {
    size_t count = m->training ? ENDINGS : WITHOUT_TRAINING;
    const char **all = ARENA_ARRAY(a, const char *, count + BESIDE + 1);
    for (size_t i = 0; i < count; i++) all[i] = arena_printf(a, "%s%s", m->name, endings[i]);
    for (size_t i = 0; weights_beside && i < BESIDE; i++)
        all[count++] = arena_printf(a, "%s%s", m->name, beside_endings[i]);
    if (c_function_header(m->name)) all[count++] = type_name(a, m->name);
    *names = all;
    return count;
}

/* Parameters of the run function in the order of their declaration. */
typedef struct {
    arena *arena;
    name_set *interface; /* what all models of the file define */
    const char **names;  /* dims, inputs, outputs */
    size_t count;
} name_list;

/* What C or the interface has taken gets an underscore; two parameters of one name are left to emit_api_check. */
static const char *claim(name_list *list, const char *name) {
    if (c_is_reserved(name) || name_set_has(list->interface, name)) name = arena_printf(list->arena, "%s_", name);
    list->names[list->count++] = name;
    return name;
}

/* A name that no parameter has. */
static const char *beside_parameters(const name_list *list, const char *name) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->names[i], name) == 0)
            return beside_parameters(list, arena_printf(list->arena, "%s_", name));
    return name;
}

static emit_api *new_api(arena *a, const ir_model *m, const char *model_name, name_set *interface) {
    emit_api *api = ARENA_NEW(a, emit_api);
    size_t room = m->symbol_count + m->input_count + m->output_count + 1;
    name_list list = {a, interface, ARENA_ARRAY(a, const char *, room), 0};
    name_set *inputs = name_set_new(a);
    api->name = model_name;
    api->type = type_name(a, model_name);
    api->upper = upper(a, model_name);
    api->dims = ARENA_ARRAY(a, const char *, m->symbol_count);
    api->dim_macros = ARENA_ARRAY(a, const char *, m->symbol_count);
    api->inputs = ARENA_ARRAY(a, const char *, m->input_count);
    api->outputs = ARENA_ARRAY(a, const char *, m->output_count);
    api->states = ARENA_ARRAY(a, const char *, m->state_count);
    for (size_t i = 0; i < m->symbol_count; i++) {
        const char *name = dim_symbol_name(m->symbols[i]);
        api->dims[i] = claim(&list, name);
        api->dim_macros[i] = arena_printf(a, "%s_%s", api->upper, upper(a, name));
    }
    for (size_t i = 0; i < m->input_count; i++) {
        name_set_take(inputs, m->inputs[i].name);
        api->inputs[i] = claim(&list, m->inputs[i].name);
    }
    for (size_t i = 0; i < m->output_count; i++) {
        const char *name = m->outputs[i].name;
        api->outputs[i] = claim(&list, name_set_has(inputs, name) ? arena_printf(a, "%s_out", name) : name);
    }
    api->parameters = list.names;
    api->lr = beside_parameters(&list, "lr");
    api->status = beside_parameters(&list, "status");
    for (size_t i = 0; i < m->state_count; i++) api->states[i] = arena_printf(a, "state_%s", m->states[i].name);
    if (!m->training) return api;
    api->eval = new_api(a, m->training->eval, model_name, interface);
    api->train = new_api(a, m->training->train, model_name, interface);
    return api;
}

static size_t parameters_of(const ir_model *m) { return m->symbol_count + m->input_count + m->output_count; }

void emit_take_parameters(name_set *taken, const ir_model *m, const emit_api *api) {
    for (size_t i = 0; i < parameters_of(m); i++) name_set_take(taken, api->parameters[i]);
    if (!m->training) return;
    emit_take_parameters(taken, m->training->eval, api->eval);
    emit_take_parameters(taken, m->training->train, api->train);
}

/* One name for the pointer to the weights, which is the argument of every function of the file. */
static void name_weights(arena *a, emit_api *const *apis, ir_model *const *models, size_t count) {
    const char *argument = "weights";
    name_set *taken = name_set_new(a);
    for (size_t i = 0; i < count; i++) emit_take_parameters(taken, models[i], apis[i]);
    while (name_set_has(taken, argument)) argument = arena_printf(a, "%s_", argument);
    for (size_t i = 0; i < count; i++) {
        apis[i]->weights = arena_printf(a, "%s_weights", apis[i]->name);
        apis[i]->weights_argument = argument;
    }
}

emit_api *const *emit_apis(arena *a, ir_model *const *models, size_t count, bool weights_beside) {
    name_set *interface = name_set_new(a);
    for (size_t i = 0; i < count; i++) {
        const char *const *names;
        size_t defined = emit_defined_names(a, models[i], weights_beside, &names);
        for (size_t k = 0; k < defined; k++) name_set_take(interface, names[k]);
    }
    emit_api **apis = ARENA_ARRAY(a, emit_api *, count);
    for (size_t i = 0; i < count; i++) apis[i] = new_api(a, models[i], models[i]->name, interface);
    if (weights_beside) name_weights(a, apis, models, count);
    return apis;
}

/* --- clashes: of two that want one name, the later is told ------------------------------------------------------- */

/* Who has the name already; NULL, and `taker` has it from now on. */
static const void *first_of(name_set *names, const char *name, const void *taker) {
    void **owner = name_set_value(names, name);
    if (*owner) return *owner;
    *owner = (void *)(uintptr_t)taker;
    return NULL;
}

typedef struct {
    const dim *symbol;
    span where;
} macro_owner;

/* Macros that a header has, or two dims, of one model or of two. */
static void check_macros(arena *a, name_set *macros, const ir_model *m, const emit_api *api, diag_list *diags) {
    for (size_t i = 0; i < m->symbol_count; i++) {
        const char *macro = api->dim_macros[i], *name = dim_symbol_name(m->symbols[i]);
        macro_owner *owner = ARENA_NEW(a, macro_owner);
        *owner = (macro_owner){m->symbols[i], m->symbol_where[i]};
        if (c_is_limit(macro)) {
            diag *d = diag_error(diags, owner->where, "the dim %s would be %s_MAX in C, a macro of standard headers",
                                 name, macro);
            diag_hint(d, "rename it, or the model %s", m->name);
        }
        const macro_owner *first = first_of(macros, macro, owner);
        if (!first) continue;
        diag *d = diag_error(diags, owner->where, "dims %s and %s would both be %s_MAX in C",
                             dim_symbol_name(first->symbol), name, macro);
        diag_note(d, first->where, "the other dim");
        diag_hint(d, "rename one of them; macros are in capitals");
    }
}

static span parameter_where(const ir_model *m, size_t i) {
    if (i < m->symbol_count) return m->symbol_where[i];
    i -= m->symbol_count;
    return i < m->input_count ? m->inputs[i].where : m->outputs[i - m->input_count].where;
}

/* Parameters that were renamed to one name. */
static void check_parameters(arena *a, const ir_model *m, const emit_api *api, const char *function, diag_list *diags) {
    size_t count = parameters_of(m);
    name_set *names = name_set_new(a);
    span *places = ARENA_ARRAY(a, span, count);
    for (size_t i = 0; i < count; i++) {
        places[i] = parameter_where(m, i);
        const span *first = first_of(names, api->parameters[i], &places[i]);
        if (!first) continue;
        diag *d = diag_error(diags, places[i], "two parameters of %s_%s would be called %s in C", api->name,
                             function, api->parameters[i]);
        diag_note(d, *first, "the other one");
        diag_hint(d, "rename one of them");
    }
}

/* Models that would define one name, or share macros. (Two of one name are lowering's.) */
static void check_models(arena *a, name_set *defined, name_set *uppers, const ir_model *m, const emit_api *api,
                         diag_list *diags) {
    const char *const *names;
    for (size_t i = 0, count = emit_defined_names(a, m, api->weights != NULL, &names); i < count; i++) {
        const char *name = names[i];
        const ir_model *first = first_of(defined, name, m);
        if (!first) continue;
        diag *d = diag_error(diags, m->where, "models %s and %s would both define %s in C", first->name, m->name, name);
        diag_note(d, first->where, "the other model");
    }
    const ir_model *first = first_of(uppers, api->upper, m);
    if (!first || strcmp(first->name, m->name) == 0) return;
    diag *d = diag_error(diags, m->where, "models %s and %s would share their macros %s_…", first->name, m->name,
                         api->upper);
    diag_note(d, first->where, "the other model");
}

void emit_api_check(arena *a, ir_model *const *models, emit_api *const *apis, size_t count, diag_list *diags) {
    name_set *macros = name_set_new(a), *defined = name_set_new(a), *uppers = name_set_new(a);
    for (size_t i = 0; i < count; i++) {
        check_parameters(a, models[i], apis[i], "run", diags);
        if (models[i]->training) {
            check_parameters(a, models[i]->training->train, apis[i]->train, "train", diags);
            check_parameters(a, models[i]->training->eval, apis[i]->eval, "eval", diags);
        }
        check_macros(a, macros, models[i], apis[i], diags);
        check_models(a, defined, uppers, models[i], apis[i], diags);
        const char *header = c_function_header(apis[i]->name);
        if (header) {
            diag *d =
                diag_warning(diags, WARNING_LIBRARY_NAME, models[i]->where,
                             "%s is also a function of <%s>, which a program cannot call behind the model's header",
                             apis[i]->name, header);
            diag_hint(d, "for example: model %s_model", apis[i]->name);
        }
        if (!c_is_reserved_type(a, apis[i]->name)) continue;
        diag *d = diag_error(diags, models[i]->where,
                             "a model cannot be called %s: C, C++ or the interface has taken "
                             "the name",
                             apis[i]->name);
        diag_hint(d, "for example: model %s_model", apis[i]->name);
    }
}

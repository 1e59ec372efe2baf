/* package_text: see package.h. */
#include "commands/package.h"

#include <ctype.h>
#include <string.h>

#include "commands/count.h"

/* --- an Arduino sketch --- */

typedef struct {
    const char *name; /* of the array: model_input */
    const ir_type *type;
    size_t elements;
    bool is_output;
} array;

typedef struct {
    array *items;
    size_t count, capacity;
} arrays;

/* All at the least run-time sizes: so much fits on any board. */
static int64_t *least_sizes(arena *a, const ir_model *m) {
    int64_t *sizes = ARENA_ARRAY(a, int64_t, m->symbol_count + 1);
    for (size_t i = 0; i < m->symbol_count; i++) sizes[i] = dim_min(m->symbols[i]);
    return sizes;
}

static arrays arrays_of(const pipeline *p, size_t i) {
    const ir_model *m = p->file.models[i];
    const emit_api *api = p->apis[i];
    const int64_t *sizes = least_sizes(p->arena, m);
    arrays all = {0};
    for (size_t k = 0; k < m->input_count + m->output_count; k++) {
        bool is_output = k >= m->input_count;
        size_t own = is_output ? k - m->input_count : k;
        const ir_type *type =
            is_output ? &m->outputs[own].value->type : &m->inputs[own].value->type;
        const char *name = is_output ? api->outputs[own] : api->inputs[own];
        int64_t elements = count_elements(m, type, sizes);
        array one = {arena_printf(p->arena, "%s_%s", api->name, name), type,
                     elements ? (size_t)elements : 1, is_output};
        ARENA_PUSH(p->arena, all.items, all.count, all.capacity, one);
    }
    return all;
}

const char *package_sketch_memory(const pipeline *p) {
    text t = text_new(p->arena);
    for (size_t i = 0; i < p->file.count; i++) {
        arrays all = arrays_of(p, i);
        text_printf(&t, "static %s %s_model;\n", p->apis[i]->name, p->apis[i]->name);
        for (size_t k = 0; k < all.count; k++)
            text_printf(&t, "static %s %s[%zu];  // %s\n",
                        all.items[k].type->dtype == IR_F32 ? "float" : "int32_t", all.items[k].name,
                        all.items[k].elements, ir_type_string(p->arena, all.items[k].type));
    }
    return text_string(&t);
}

const char *package_sketch_reset(const pipeline *p) {
    text t = text_new(p->arena);
    for (size_t i = 0; i < p->file.count; i++)
        text_printf(&t, "  %s_reset(&%s_model);\n", p->apis[i]->name, p->apis[i]->name);
    return text_string(&t);
}

static void add_sketch_run(const pipeline *p, size_t i, text *to) {
    const emit_api *api = p->apis[i];
    arrays all = arrays_of(p, i);
    const char *shown = NULL;
    text_printf(to, "  nnc_status %s_status = %s_run(&%s_model", api->name, api->name, api->name);
    for (size_t k = 0; k < p->file.models[i]->symbol_count; k++)
        text_printf(to, ", %s_MIN", api->dim_macros[k]);
    for (size_t k = 0; k < all.count; k++) {
        text_printf(to, ", %s", all.items[k].name);
        if (all.items[k].is_output && !shown) shown = all.items[k].name;
    }
    text_printf(to, ");\n  Serial.print(\"%s: \");\n", p->file.models[i]->name);
    if (!shown) {
        text_printf(to, "  Serial.println(nnc_status_string(%s_status));\n", api->name);
        return;
    }
    text_printf(to,
                "  if (%s_status == NNC_OK)\n    Serial.println(%s[0]);\n  else\n"
                "    Serial.println(nnc_status_string(%s_status));\n",
                api->name, shown, api->name);
}

const char *package_sketch_run(const pipeline *p) {
    text t = text_new(p->arena);
    for (size_t i = 0; i < p->file.count; i++) add_sketch_run(p, i, &t);
    return text_string(&t);
}

/* --- the Python module --- */

static const char *camel_case(arena *a, const char *name) {
    text t = text_new(a);
    bool begins = true;
    for (const char *from = name; *from; from++) {
        char c = begins ? (char)toupper((unsigned char)*from) : *from;
        if (*from != '_') text_add_n(&t, &c, 1);
        begins = *from == '_';
    }
    return t.length && isalpha((unsigned char)*text_string(&t)) ? text_string(&t) : name;
}

/* As Python names classes; as the models themselves where two would be one. */
static const char *class_name(const pipeline *p, size_t i) {
    const char *own = p->file.models[i]->name, *name = camel_case(p->arena, own);
    for (size_t k = 0; k < p->file.count; k++)
        if (k != i && strcmp(camel_case(p->arena, p->file.models[k]->name), name) == 0) return own;
    return name;
}

static void add_shape(arena *a, const ir_type *type, text *to) {
    text_add(to, "[");
    for (unsigned i = 0; i < type->rank; i++) {
        const char *size = dim_string(a, type->dims[i]), *mod;
        text_add(to, i ? ", \"" : "\"");
        for (; (mod = strstr(size, " mod ")); size = mod + 5)
            text_printf(to, "%.*s %% ", (int)(mod - size), size);
        text_printf(to, "%s\"", size);
    }
    text_add(to, "]");
}

static void add_tensor(arena *a, const char *name, const ir_type *type, text *to) {
    text_printf(to, "(\"%s\", \"%s\", ", name, ir_dtype_name(type->dtype));
    add_shape(a, type, to);
    text_add(to, "), ");
}

static void begin_list(const char *name, text *to) { text_printf(to, "     \"%s\": [", name); }
static void end_list(text *to) { text_add(to, "],\n"); }

static bool has_member(const pipeline *p, size_t i, const char *name) {
    emit_members all =
        emit_struct_members(p->arena, p->plans[i], p->apis[i], options_target(p->options));
    for (size_t k = 0; k < all.count; k++)
        if (all.items[k].is_state && strcmp(all.items[k].name, name) == 0) return true;
    return false;
}

static void add_python_model(const pipeline *p, size_t i, text *to) {
    const ir_model *m = p->file.models[i];
    arena *a = p->arena;
    text_printf(to, "    {\"class\": \"%s\", \"model\": \"%s\", \"c\": \"%s\",\n", class_name(p, i),
                m->name, p->apis[i]->name);
    text_add(to, "     \"doc\": \"call with");
    for (size_t k = 0; k < m->input_count; k++)
        text_printf(to, "%s %s: %s", k ? "," : "", m->inputs[k].name,
                    ir_type_string(a, &m->inputs[k].value->type));
    text_add(to, m->output_count ? "; gives" : "");
    for (size_t k = 0; k < m->output_count; k++)
        text_printf(to, "%s %s: %s", k ? "," : "", m->outputs[k].name,
                    ir_type_string(a, &m->outputs[k].value->type));
    text_add(to, "\",\n");
    begin_list("dims", to);
    for (size_t k = 0; k < m->symbol_count; k++)
        text_printf(to, "(\"%s\", %lld, %lld), ", dim_symbol_name(m->symbols[k]),
                    (long long)dim_min(m->symbols[k]), (long long)dim_max(m->symbols[k]));
    end_list(to);
    begin_list("inputs", to);
    for (size_t k = 0; k < m->input_count; k++)
        add_tensor(a, m->inputs[k].name, &m->inputs[k].value->type, to);
    end_list(to);
    begin_list("outputs", to);
    for (size_t k = 0; k < m->output_count; k++)
        add_tensor(a, m->outputs[k].name, &m->outputs[k].value->type, to);
    end_list(to);
    begin_list("states", to);
    for (size_t k = 0; k < m->state_count; k++)
        if (has_member(p, i, p->apis[i]->states[k]))
            add_tensor(a, m->states[k].name, &m->states[k].type, to);
    text_add(to, "]},\n");
}

const char *package_python_models(const pipeline *p) {
    text t = text_new(p->arena);
    for (size_t i = 0; i < p->file.count; i++) add_python_model(p, i, &t);
    return text_string(&t);
}

const char *package_python_sizes(const pipeline *p) {
    text t = text_new(p->arena);
    for (size_t i = 0; i < p->file.count; i++) {
        const char *name = p->apis[i]->name;
        text_printf(
            &t, "extern const size_t nnc_sizes_%s[];\nconst size_t nnc_sizes_%s[] = {sizeof(%s)",
            name, name, name);
        for (size_t k = 0; k < p->file.models[i]->state_count; k++)
            if (has_member(p, i, p->apis[i]->states[k]))
                text_printf(&t, ", offsetof(%s, %s)", name, p->apis[i]->states[k]);
        text_add(&t, "};\n");
    }
    return text_string(&t);
}

const char *package_python_example(const pipeline *p, const char *name) {
    text t = text_new(p->arena);
    const ir_model *m = p->file.models[0];
    text_printf(&t, "model = %s.%s()\n", name, class_name(p, 0));
    for (size_t k = 0; k < m->output_count; k++)
        text_printf(&t, "%s%s", k ? ", " : "", m->outputs[k].name);
    text_printf(&t, "%smodel(", m->output_count ? " = " : "");
    for (size_t k = 0; k < m->input_count; k++)
        text_printf(&t, "%s%s", k ? ", " : "", m->inputs[k].name);
    text_add(&t, ")");
    for (size_t k = 0; k < m->input_count; k++)
        text_printf(&t, "%s %s: %s", k ? "," : "  #", m->inputs[k].name,
                    ir_type_string(p->arena, &m->inputs[k].value->type));
    text_add(&t, "\n");
    return text_string(&t);
}

/* --- weights beside the code --- */

const char *package_python_weights(const pipeline *p, const char *name) {
    return p->options->weights_beside ? arena_printf(p->arena, "\"%s.weights\"", name) : "None";
}

const char *package_weights_install(const pipeline *p, const char *name) {
    if (!p->options->weights_beside) return "";
    return arena_printf(p->arena, "install(FILES src/%s.weights DESTINATION ${CMAKE_INSTALL_DATADIR}/%s)\n", name,
                        name);
}

const char *package_weights_said(const pipeline *p, const char *name) {
    const char *model = p->apis[0]->name;
    if (!p->options->weights_beside) return "";
    return arena_printf(
        p->arena,
        "\nThe weights are a file, `src/%s.weights` here and `share/%s/` where it is installed: the program maps or "
        "reads it, to a multiple\nof 64, and gives what `%s_weights_at` makes of it to every call. "
        "`nnc --weights-only` writes it for another training.\n",
        name, name, model);
}

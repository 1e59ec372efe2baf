/* catalogue: the tables of layers and functions, as others may see them. */
#include "lower/catalogue.h"

#include "lower/lowering.h"

static const struct {
    unsigned takes;
    const char *text;
} kinds[] = {
    {TAKES_TENSORS, "a tuple of tensors"},
    {TAKES_SIZES, "sizes"},
    {TAKES_INTEGERS, "integers"},
    {TAKES_TENSOR, "a tensor"},
    {TAKES_SIZE, "a size"},
    {TAKES_REAL, "a number"},
    {TAKES_INTEGER, "an integer"},
    {TAKES_BOOL, "True or False"},
    {TAKES_STRING, "a string"},
    {TAKES_DTYPE, "a type"},
    {TAKES_NONE, "None"},
};

static const char *what_it_takes(arena *a, unsigned takes) {
    text t = text_new(a);
    if (takes & TAKES_REAL) takes &= ~(unsigned)TAKES_INTEGER; /* an integer is a number */
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (takes & kinds[i].takes) text_printf(&t, "%s%s", t.length ? " or " : "", kinds[i].text);
    return text_string(&t);
}

static const catalogue_argument *arguments_of(arena *a, const parameter *parameters,
                                              size_t *count) {
    catalogue_argument *all = ARENA_ARRAY(a, catalogue_argument, *count + 1);
    size_t listed = 0;
    for (size_t i = 0; i < *count; i++) {
        unsigned takes = parameters[i].takes;
        if (takes & UNLISTED) continue;
        all[listed++] = (catalogue_argument){parameters[i].name, takes & REQUIRED, takes & VARIADIC,
                                             what_it_takes(a, takes)};
    }
    *count = listed;
    return all;
}

static catalogue_entry of_layer(arena *a, const char *name) {
    const layer_kind *k = layer_kind_find(name);
    catalogue_entry e = {
        .name = name, .kind = CATALOGUE_LAYER, .count = k->count, .call_count = k->call_count};
    e.arguments = arguments_of(a, k->parameters, &e.count);
    e.call_arguments = arguments_of(a, k->call_parameters, &e.call_count);
    return e;
}

static catalogue_entry of_function(arena *a, const char *name) {
    const function *f = function_find(name);
    catalogue_entry e = {.name = name, .kind = CATALOGUE_FUNCTION, .count = f->count};
    e.arguments = arguments_of(a, f->parameters, &e.count);
    return e;
}

static void add_rules(arena *a, catalogue *to) {
    const parameter *parameters;
    catalogue_entry e = {.kind = CATALOGUE_RULE};
    for (size_t i = 0; (e.name = train_rule(i, &parameters, &e.count)); i++) {
        e.arguments = arguments_of(a, parameters, &e.count);
        ARENA_PUSH(a, to->items, to->count, to->capacity, e);
    }
}

catalogue catalogue_new(arena *a) {
    catalogue c = {0};
    size_t layers, functions;
    const char *const *layer_names = layer_kind_names(a, &layers), *const *names = function_names(
                                                                       a, &functions);
    for (size_t i = 0; i < layers; i++) {
        catalogue_entry e = of_layer(a, layer_names[i]);
        ARENA_PUSH(a, c.items, c.count, c.capacity, e);
    }
    for (size_t i = 0; i < functions; i++) {
        catalogue_entry e = of_function(a, names[i]);
        ARENA_PUSH(a, c.items, c.count, c.capacity, e);
    }
    add_rules(a, &c);
    return c;
}

const catalogue_entry *catalogue_find(const catalogue *c, const char *name) {
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->items[i].name, name) == 0) return &c->items[i];
    return NULL;
}

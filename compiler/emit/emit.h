/* emit: plans -> model.c and model.h. */
#ifndef NNC_EMIT_EMIT_H
#define NNC_EMIT_EMIT_H

#include "plan/plan.h"
#include "support/name_set.h"

typedef struct {
    const char *source_name;  /* base name of the .nn file, for the banner */
    const char *header_name;  /* base name of the header, for #include */
    const char *code_name;    /* base name of the C file */
    const char *banner_options; /* options that change the code, as given: "--unroll=8"; "" if none */
    bool standalone;          /* the runtime's text goes into the C file */
    const char *target;       /* a name of emit/target.h */
    const char *section;      /* of the linker, for all tables; or NULL */
    bool big_endian;          /* the machine that the weights beside the code are for */
} emit_options;

/* api.c: the C names of the interface, and clashes between them as errors. */
typedef struct emit_api emit_api;
struct emit_api {
    const char *name;          /* the model's */
    const char *type;          /* its struct's: name, but for a function's of C (c_function_header): free_struct */
    const char *upper;         /* TAGGER */
    const char **dims;         /* parameters, by model->symbols */
    const char **dim_macros;   /* TAGGER_T */
    const char **inputs, **outputs;
    const char **parameters;   /* dims, inputs, outputs: all that must differ */
    const char **states;       /* members of the struct: state_h */
    const char *lr;            /* what the learning rate is called beside them, */
    const char *status;        /* and the result of one function in another that has them */
    const emit_api *eval, *train; /* of a model with a loss; else NULL */
    const char *weights; /* tagger_weights: the type of the weights beside the code; NULL where they stand in it */
    const char *weights_argument; /* weights, or as near to it as the arguments of all models allow */
};

/* What C calls the functions of a model, and what is made beside them. */
size_t emit_defined_names(arena *a, const ir_model *m, bool weights_beside, const char *const **names);
/* The parameters of its functions. */
void emit_take_parameters(name_set *taken, const ir_model *m, const emit_api *api);
/* The names of a file's models, in their order, whose weights stand in the code or beside it. */
emit_api *const *emit_apis(arena *a, ir_model *const *models, size_t count, bool weights_beside);
/* Names of several models that would clash in one file (or with C, or with the interface) are reported. */
void emit_api_check(arena *a, ir_model *const *models, emit_api *const *apis, size_t count, diag_list *diags);

/* Both write text and give false when writing failed. */
bool emit_header(const emit_options *o, const plan *const *plans, emit_api *const *apis, size_t count, FILE *to);
bool emit_source(const emit_options *o, const plan *const *plans, emit_api *const *apis, size_t count, FILE *to);

/* The file of the weights, where they stand beside the code; false when writing failed. */
bool emit_weights(const emit_options *o, const plan *const *plans, emit_api *const *apis, size_t count, FILE *to);

/* Of all tables that emit_source writes, in the program. */
size_t emit_table_bytes(const char *target, const plan *const *plans, emit_api *const *apis, size_t count);

/* header.c: the members of a model's struct, in order; each is an array of elements of four bytes. */
typedef struct {
    const char *type, *name;
    int64_t elements;
    const char *comment; /* or NULL */
    bool is_state;
} emit_member;

typedef struct {
    emit_member *items;
    size_t count, capacity;
} emit_members;

emit_members emit_struct_members(arena *a, const plan *p, const emit_api *api, const char *target);

/* The runtime, embedded when nnc is built; the status block is the part of it that every header repeats. */
extern const char nnc_runtime_text[];
extern const size_t nnc_runtime_size;

#endif

/* kernel: how a plan_kernel becomes a C function; one file of this folder a family of operators.
 *
 * emit/call.c makes the function and its parameters (the symbols as size_t, then every PLAN_MEMORY operand of the
 * kernel and of what is inlined in it, then `size_t start` and `float *work` where wanted) and the call; the emitter
 * fills the body. Of a param that lives in the struct, emit_param and weights_table give what begins with one of two
 * more parameters, `parameters` and `packs`. Pointers point at the view's first element. An emitter may add constants
 * and helper functions to the unit: they are printed above. */
#ifndef NNC_KERNELS_KERNEL_H
#define NNC_KERNELS_KERNEL_H

#include "ctree/ctree.h"
#include "plan/choice.h"
#include "support/name_set.h"

/* The vector layer of the runtime that code is emitted for; functions are PREFIX_load, PREFIX_madd … */
typedef struct {
    const char *prefix;    /* "nnc_v4" */
    const char *type;      /* of a vector: the same, or "float" */
    unsigned lanes;
    const cost_body *body; /* what its tiles and panels depend on */
    const char *suffix;    /* of the functions emitted for it: "_v8"; "" for the baseline */
    const char *attribute; /* what stands before them: "NNC_TARGET_V8"; "" for the baseline */
    const char *guard;     /* the macro that says whether a compiler can have it: "NNC_HAS_V8"; "" for the baseline */
} emit_target;

/* What the models of a file share. */
typedef struct {
    name_set *names; /* of file scope that are taken */
    name_set *once;  /* kernel.c: emit_once_in_file's */
    size_t tensors;  /* kernel.c: how many have numbers */
} emit_file;

emit_file *emit_file_new(arena *a);

typedef struct {
    arena *arena;
    const plan *plan;
    cunit *unit;
    const emit_target *target;         /* that code is emitted for now: targets[body]; emit_use_body sets both */
    size_t body;
    const emit_target *const *targets; /* all bodies that the file has, the narrowest first, like the plan's */
    size_t target_count;
    bool dots;               /* the file has int8 weights, and a body with instructions for them */
    bool in_parts;           /* of the model: some function's kernels are called in parts */
    bool trains;             /* the model has plans beside run's */
    const char *model;       /* prefix of all file-scope names */
    ctable_style tables;     /* decimal while the model is small */
    const char **rounds;     /* by depth: what the counters of loops over rounds are called in the present function */
    const char *round;       /* that of the innermost loop over rounds around a call, or NULL */
    const char *lr;          /* of a plan that takes steps: what the learning rate is called */
    name_set *once;          /* kernel.c: emit_once's */
    emit_file *file;
} emit_context;

void emit_use_body(emit_context *e, size_t body);
/* What the plan chose for the kernel in the current body. */
const plan_choice *emit_choice(const emit_context *e, const plan_kernel *k);

/* Call when plan and model are set, before anything of a model is emitted. Each model of a file has a context; unit and
 * file are the same. */
void emit_begin_model(emit_context *e);

void emit_recurrent(emit_context *e, const plan_kernel *k, cfunction *f);    /* recurrent.c */
void emit_linear(emit_context *e, const plan_kernel *k, cfunction *f);       /* linear.c: LINEAR */
void emit_embedding(emit_context *e, const plan_kernel *k, cfunction *f);    /* embedding.c */
void emit_matmul(emit_context *e, const plan_kernel *k, cfunction *f);       /* matmul.c */
void emit_weight_grad(emit_context *e, const plan_kernel *k, cfunction *f);  /* weight_grad.c */
void emit_sink(emit_context *e, const plan_kernel *k, cfunction *f);         /* sink.c */
void emit_dropout(emit_context *e, const plan_kernel *k, cfunction *f);      /* dropout.c */
void emit_conv1d(emit_context *e, const plan_kernel *k, cfunction *f);       /* conv.c */
void emit_elementwise(emit_context *e, const plan_kernel *k, cfunction *f);  /* elementwise.c: and BATCH_NORM */
void emit_check(emit_context *e, const plan_kernel *k, cfunction *f);        /* PLAN_CHECK of an expression */
void emit_reduce(emit_context *e, const plan_kernel *k, cfunction *f);       /* reduce.c: and NORMALIZE, LAYER_NORM */
void emit_move(emit_context *e, const plan_kernel *k, cfunction *f);         /* move.c: and PLAN_COPY, PLAN_ZERO */
void emit_index(emit_context *e, const plan_kernel *k, cfunction *f);        /* index.c: TAKE, GATHER, TOPK … */

/* --- shared by the emitters (kernel.c) ---------------------------------------------------------------------------- */
/* A run-time dim's or a loop symbol's name in C: "T", "dim_n" for names that could be an emitter's own local or a
 * macro, "T_start", "T_count_1" for symbols of loops. So locals must begin with a lower-case letter and not with
 * "dim_". */
const char *emit_symbol(emit_context *e, const dim *symbol);
/* Of an element in memory, bools as int32: "float", "const float *"; and the bytes of so many. */
const char *emit_type(ir_dtype t);
const char *emit_pointer_type(ir_dtype t, bool constant);
cexpr *emit_bytes(emit_context *e, cexpr *count, ir_dtype t);
/* A size as C: "2 * T + 1". Integer constants fold. */
cexpr *emit_dim(emit_context *e, const dim *d);
/* A PLAN_NUMBER as a C value of its type: 0.5f, 3, (int32_t)T. */
cexpr *emit_number(emit_context *e, const plan_operand *o);
/* Element of a view at an index: NAME[sum of index[i] * stride[i]]; index[i] may be NULL for 0. */
cexpr *emit_element(emit_context *e, const char *name, const plan_view *v, cexpr *const *index);
cexpr *emit_offset(emit_context *e, const plan_view *v, cexpr *const *index); /* just the sum */
/* Is an int32 out of the check's bounds? */
cexpr *emit_outside(emit_context *e, const ir_bound_check *c, cexpr *element);
/* A name for a file-scope thing: MODEL_SUFFIX, made unique. */
const char *emit_name(emit_context *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for a function that is emitted for the current target, and what stands before its name. */
const char *emit_function_name(emit_context *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *emit_static(const emit_context *e);
/* Ends a function of the current body that others may be like, c_function_end_shared. */
const char *emit_function_end_shared(emit_context *e, cfunction *f, const char *wanted);
/* "nnc_v4_madd" for "madd". */
const char *emit_vector(const emit_context *e, const char *function);
/* A table of a param's values as they stand (embedding, LayerNorm's weight). */
cexpr *emit_param(emit_context *e, size_t param);
/* Does it read that array of the struct, parameters as they are or packs? Its function takes a pointer to it then. */
bool emit_takes_params(const emit_context *e, const plan_kernel *k, pack_home home);
/* A table of a TENSOR's numbers. */
cexpr *emit_literal(emit_context *e, const ir_node *n);
/* A table that is made of params, called NAME; made once for all bodies, kernels and models of the file, if its maker
 * asks emit_once_in_file first, by what is made of which tensors (emit_tensor's numbers). */
cexpr *emit_table(emit_context *e, const char *name, size_t elements, bool finite, ctable_fill *fill,
                  const void *context, const char *comment);
/* A number for a tensor, the same for the same values under the same key; 0 for NULL. */
size_t emit_tensor(emit_context *e, const ir_param *p);
/* The same for an operand: 0 where it is none. */
size_t emit_tensor_of(emit_context *e, const plan_operand *o);
/* A place to keep what a model, or a file, needs once, however many kernels use it: the same key gives the same place,
 * which holds NULL at first. */
cexpr **emit_once(emit_context *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
cexpr **emit_once_in_file(emit_context *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
const float *emit_param_data(const emit_context *e, size_t param);
/* dropout.c: the name of the function void (const uint32_t *random, uint32_t first, uint32_t site, uint32_t *words)
 * that gives four random words; made once. */
const char *emit_random_words(emit_context *e);
/* row_scale.c: by what a row of a table is multiplied where attrs have a max_norm; a call. */
cexpr *emit_row_scale(emit_context *e, cexpr *row, cexpr *width, const ir_attrs *attrs);
/* "lstm = LSTM(6, 6): x [T, 1, 6] -> out [T, 1, 6]": layer and shapes for the comment above a kernel's function. */
const char *emit_shapes_comment(emit_context *e, const plan_kernel *k);

#endif

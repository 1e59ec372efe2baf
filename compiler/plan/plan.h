/* plan: a checked model -> kernels in order, every value's place in memory, and the loops over chunks.
 *
 * The plan changes no IR. Each IR value gets a `plan_view`: a buffer, an offset and a stride for every dim,
 * so RESHAPE, PERMUTE and SLICE cost nothing where strides can say them. CAT has no kernel: its operands are
 * written straight into its result where that is possible, and copied there otherwise. Elementwise operators
 * that are used once, by another elementwise operator, are computed inside it (`inlined`). A kernel becomes
 * one C function.
 *
 * Chunks: a run-time dim T along which kernels can work piece by piece becomes a loop; inside it, values that
 * nobody needs whole have room for one chunk only. Views inside the loop are in terms of two symbols of the
 * loop: `start` (how much of T is done) and `extent` (how much this iteration does, at most `chunk`).
 *
 * A REPEAT is an item of its own, a loop over rounds; what it carries lives in one place from before the
 * first round to behind the last, and offsets of views inside are in terms of the round's number, a symbol
 * too.
 */
#ifndef NNC_PLAN_PLAN_H
#define NNC_PLAN_PLAN_H

#include "plan/cost.h"
#include "plan/pack_list.h"

enum { PLAN_MAX_BODIES = 4 };

/* TABLE: a param as it is; TRAINED: one that lives in the struct; GRADIENT: the gradient of one; LITERAL: the numbers
 * of a TENSOR */
typedef enum {
    PLAN_INPUT, PLAN_OUTPUT, PLAN_STATE, PLAN_TABLE, PLAN_TRAINED, PLAN_GRADIENT, PLAN_LITERAL, PLAN_SCRATCH
} plan_place;

typedef struct {
    plan_place place;
    size_t index;        /* into the model's inputs, outputs, states, params; a serial number for scratch */
    ir_dtype dtype;
    const dim *elements;
    const ir_node *literal; /* PLAN_LITERAL */
    const char *name;    /* of the value first put there, for comments */
    bool work;           /* a kernel's work space: nobody else reads it */
    int64_t offset;      /* PLAN_SCRATCH: in elements from the start of the scratch array of its dtype */
    unsigned begin, end; /* PLAN_SCRATCH: positions of the first and last kernel (in order) that touch it */
    const struct plan_item *home; /* PLAN_SCRATCH: the innermost loop outside of which nobody touches it, or NULL */
} plan_buffer;

typedef struct {
    plan_buffer *buffer;
    const dim *offset;               /* elements */
    ir_type type;                    /* the shape here: inside a loop, T's axis has the loop's extent */
    const dim *strides[IR_MAX_RANK]; /* elements; 0 on a broadcast axis */
} plan_view;

typedef struct plan_kernel plan_kernel;
typedef struct plan_choice plan_choice; /* plan/choice.h */

typedef enum { PLAN_NONE, PLAN_PARAM, PLAN_NUMBER, PLAN_MEMORY, PLAN_INLINE, PLAN_PART, PLAN_SUM } plan_operand_kind;

/* What a kernel reads: PLAN_NONE for an absent optional input, a param (index into model->params), a number or a size,
 * memory, an elementwise kernel computed in place, another part of a fused one, or (of what follows a convolution) a
 * sum of it. A layer's parameters are PLAN_PARAM; a param that an expression uses is memory (PLAN_TABLE). */
typedef struct {
    plan_operand_kind kind;
    size_t param;
    double number;
    const dim *size;     /* PLAN_NUMBER: if not NULL, the number is this one's value */
    plan_view view;      /* PLAN_MEMORY; of the others the type is set too */
    plan_kernel *inlined; /* PLAN_INLINE; PLAN_PART: that part */
    const char *name;    /* PLAN_MEMORY: the C parameter's name, unique in the kernel's function */
} plan_operand;

typedef enum {
    PLAN_NODE, /* node says what to do */
    PLAN_COPY, /* inputs[0] -> results[0], any strides */
    PLAN_ZERO, /* results[0] = 0 */
    PLAN_CHECK /* each element of inputs[0] must be in bounds, or the run ends with an error; in memory: no function */
} plan_kernel_kind;

struct plan_kernel {
    plan_kernel_kind kind;
    bool fused;            /* inputs are its parts, elementwise kernels (PLAN_INLINE), and results parallel to them */
    const ir_bound_check *check; /* PLAN_CHECK */
    const ir_node *node;   /* also set for PLAN_COPY and PLAN_ZERO where one asked for it; may be NULL */
    plan_operand *inputs;  /* parallel to node->inputs */
    unsigned input_count;
    plan_operand *results; /* parallel to node->results; PLAN_NONE where nobody uses it. RECURRENT's h_n and c_n are
                            * always there: h and c live in them; they hold h0 and c0 when the kernel is called */
    unsigned result_count;
    /* CONV1D: what is done to its sums before they are stored (follow.c): an elementwise kernel, or NULL; then of
     * pool[0] x pool[1] neighbours, rows by columns, the maximum. A result has their rows and columns. */
    plan_kernel *follow;
    int64_t pool[2];       /* 1: none */
    unsigned kept;         /* vectors that compilers keep for the functions of what follows (cost.h) */
    const char *function;  /* the C function's name, unique in the file */
    plan_choice *choices;  /* what is chosen about its code, by the plan's bodies; NULL of inlined kernels */
    bool by_body;          /* its code differs from body to body */
    bool by_turn;          /* that of some body takes the number of the run */
    /* Room for the body that wants most work space for itself, as `float *work`; NULL where none does. */
    plan_buffer *work;
    /* RECURRENT with lengths: the function takes `size_t start`, the number of steps done before; start is that dim. */
    const dim *start;
    bool in_rounds;        /* it stands in a loop over rounds */
    const dim **symbols;   /* of all views' types and strides: the function's first parameters, as size_t */
    size_t symbol_count, symbol_capacity;
};

typedef struct plan_item plan_item;
struct plan_item {
    plan_item *next;
    plan_kernel *kernel;   /* a kernel, or NULL for a loop or a part: */
    const struct task *task; /* planner.h: what the kernel is made of */
    const plan_item *around; /* the loop that the item stands in, or NULL */
    const dim *symbol;     /* a loop over this dim, from 0, or NULL for one over rounds: */
    const dim *start, *extent; /* symbols of the loop */
    int64_t chunk;         /* the largest extent */
    const ir_node *repeat; /* whose rounds these are */
    const dim *round, *rounds; /* the symbol of the round's number; how many there are at most */
    plan_operand until;    /* PLAN_MEMORY: a bool that ends the rounds; else PLAN_NONE */
    bool is_part;          /* items of a long list, which are a function of their own (parts.c) */
    plan_item *items;
};

typedef struct {
    plan_item *items;
    plan_kernel **kernels; /* all, in order */
    size_t kernel_count, kernel_capacity;
    bool has_parts;
} plan_procedure;

/* An ir_bound_check with its place: every element of view, which lies in an input, must be in [low, high]; or what a
 * function computes of inputs. A view that strides cannot say is checked as the whole input that it shows. */
typedef struct {
    plan_view view;
    plan_kernel *computed; /* NULL, or instead of view: inputs[0] is PLAN_INLINE, and there are no results */
    const ir_bound_check *check;
} plan_check;

typedef struct plan plan;
struct plan {
    const ir_model *model;
    dim_table *dims;
    plan_check *checks;
    size_t check_count;
    plan_procedure reset, run;
    plan_buffer **buffers;
    size_t buffer_count, buffer_capacity;
    plan_buffer **state_buffers, **input_buffers, **output_buffers;
    int64_t scratch_floats, scratch_ints; /* elements */
    pack_list *packs; /* of parameters that live in the struct */
    const cost_body *bodies[PLAN_MAX_BODIES]; /* that the code gets, the narrowest first; reset has only the first */
    size_t body_count;
    const plan *eval, *train; /* of a model with a loss: in the same struct, with scratch of their own size */
};

typedef struct {
    pack_list *packs; /* the list of a plan of the same struct, to go on with; NULL: a new one */
    int64_t unroll; /* a loop with constant bounds is unrolled while its body's statements stay within this */
    const cost_body *bodies[PLAN_MAX_BODIES];
    size_t body_count;
} plan_options;

/* Requires a model that passes ir_check, with index checks done. `diags` gets an error if the struct would be larger
 * than 1 GiB. */
plan *plan_model(arena *a, ir_model *m, const plan_options *o, diag_list *diags);
void plan_print(const plan *p, text *to); /* --dump=plan */

/* How many plans of a model work in one struct, and which: run, then eval and train. */
enum { PLAN_MODES = 3 };
static inline size_t plan_modes(const plan *p, const plan **all) {
    all[0] = p;
    all[1] = p->eval;
    all[2] = p->train;
    return p->train ? PLAN_MODES : 1;
}

/* Elements of one of the struct's arrays of scratch, which its plans share. */
int64_t plan_scratch(const plan *p, bool floats);

/* The element type of what an elementwise kernel computes; that of a sink is float32. */
static inline ir_dtype plan_made_dtype(const plan_kernel *k) {
    return k->node->result_count ? k->node->results[0]->type.dtype : IR_F32;
}
/* Of a CONV1D: is something done to its sums; and how many a row of them has. */
static inline bool plan_conv_is_followed(const plan_kernel *k) {
    return k->follow || k->pool[0] * k->pool[1] > 1;
}
static inline const dim *plan_conv_length(dim_table *t, const plan_kernel *k) {
    return dim_mul(t, k->results[0].view.type.dims[2], dim_const(t, k->pool[1]));
}
/* Does what a PAD pads lie in the middle of its result already? */
bool plan_pads_in_place(dim_table *t, const plan_kernel *k);
/* The params of a BATCH_NORM's kernel. */
pack_norm plan_norm_of(const ir_model *m, const plan_kernel *k);

/* Of the scratch of a plan that trains, the floats that are made before the loss and read behind it: the tape. */
int64_t plan_tape_floats(const plan *p);

/* A view whose rows along the last dim are dense (stride 1), or of rank 0. */
bool plan_view_rows_dense(const plan_view *v);
/* Row-major and dense altogether. */
bool plan_view_dense(dim_table *t, const plan_view *v);
/* The strides along the axes of a shape of this rank to which the view broadcasts: its own axes align from the right,
 * and one of size 1 is read at 0. */
void plan_broadcast_strides(dim_table *t, const plan_view *v, unsigned rank, const dim **strides);
/* Of two axes, none between them: does the outer one go on where the inner one ends, as if they were one? */
bool plan_runs_on(dim_table *t, const dim *outer_stride, const dim *inner_stride, const dim *inner_extent);

#endif

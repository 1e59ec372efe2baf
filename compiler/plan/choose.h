/* choose: how choices are made; for the files of plan/ alone. */
#ifndef NNC_PLAN_CHOOSE_H
#define NNC_PLAN_CHOOSE_H

#include "plan/choice.h"
#include "plan/pack_list.h"

typedef struct {
    arena *arena;
    const ir_model *model;
    dim_table *dims;
    const cost_body *body;
    int64_t unroll;
    const param_places *params; /* where those of the struct lie */
    const ir_node *const *linears; /* choose_linears() */
} chooser;

/* The choices of a kernel whose operands are set. */
void choose(const chooser *c, const plan_kernel *k, plan_choice *to);

/* An operator's own, as its row in operators.c says; to->kind is CHOICE_OTHER before. */
typedef void choose_for_operator(const chooser *c, const plan_kernel *k, plan_choice *to);
choose_for_operator choose_recurrent; /* choose_recurrent.c */
choose_for_operator choose_linear;    /* choose_product.c */
choose_for_operator choose_conv;      /* choose_conv.c */
choose_for_operator choose_embedding; /* choose_embedding.c */
choose_for_operator choose_matmul, choose_weight_grad, choose_bias_grad; /* choose_matmul.c */
choose_for_operator choose_elementwise, choose_reduction, choose_nothing; /* choose_elements.c */
/* choose_conv.c: may a vector's lanes be neighbouring positions of a CONV1D of so many output channels (of a group) and
 * this length, if both operands lie densely along it? */
bool choose_conv_positions(const cost_body *body, const ir_attrs *a, int64_t outputs, const dim *length);
/* rows: -1 if known only at run time, then most_rows at most (0: no limit is known). */
choice_product choose_product(const chooser *c, const pack *p, int64_t rows, int64_t most_rows, bool padded);

/* A tile of this size for sums of so many terms at most, in blocks of so many. */
choice_tile choose_tile(const chooser *c, cost_tile size, int64_t terms, int64_t block);
/* How so many rows, -1 if known only at run time, go through tiles of at most this size. */
choice_heights choose_heights(int64_t rows, choice_tile tile, choice_tile row);

/* choose_pack.c: a pack with one column group, not scaled: what a product's matrix is, if nothing else is said. In the
 * format that the layer asks for. */
pack *choose_pack(const chooser *c, const ir_node *n, unsigned weight, const ir_param *bias, int64_t units,
                  int64_t terms, int64_t panel);
/* The param that this input is; NULL where it is none. */
const ir_param *choose_param(const chooser *c, const ir_node *n, unsigned input);

/* choose_embedding.c: by param, the first Linear whose weight it is; NULL: none. */
const ir_node *const *choose_linears(arena *a, const ir_model *m);
pack *choose_linear_pack(const chooser *c, const ir_node *n);
/* Few outputs: the matrix is read as it stands. */
bool choose_linear_dots(const chooser *c, const pack *p);

enum { RECURRENT_INPUT, RECURRENT_HIDDEN, RECURRENT_CANDIDATE, RECURRENT_OUTPUT, RECURRENT_PACKS };

typedef struct {
    pack *all[RECURRENT_PACKS]; /* of W_ih; W_hh; reset before: W_hn apart from the rest; proj_size: W_hr */
    bool halved; /* packed sigmoid gates are */
    bool lives;  /* some of the layer's params are in the struct */
} recurrent_packs;

recurrent_packs choose_recurrent_packs(const chooser *c, const ir_node *n);

#endif

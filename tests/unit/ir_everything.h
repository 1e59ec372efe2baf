/* A model with every operator and every kind of statement, as text, and what is read out of it. */
#include "ir/ir.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static arena *memory;

/* Every operator and every kind of statement. ir_read reads it, ir_check passes it, ir_print gives it back. */
static const char first_half[] =
    "model everything\n"
    "weights \"some \\\"dir\\\"/w.safetensors\"\n"
    "dim T = 1..128\n"
    "dim B = 1..16\n"
    "input sentence\n"
    "input lengths\n"
    "input x\n"
    "param \"emb.weight\": float32[9, 6] for \"layer emb = Embedding(9, 6)\"\n"
    "param \"lstm.weight_ih_l0\": float32[24, 6]\n"
    "param \"lstm.weight_hh_l0\": float32[24, 4]\n"
    "param \"lstm.bias_ih_l0\": float32[24]\n"
    "param \"lstm.weight_hr_l0\": float32[4, 6]\n"
    "param \"gru.weight_ih_l0\": float32[15, 4]\n"
    "param \"gru.weight_hh_l0\": float32[15, 5]\n"
    "param \"gru.bias\": float32[15]\n"
    "param \"out.weight\": float32[3, 5]\n"
    "param \"out.bias\": float32[3]\n"
    "param \"conv.weight\": float32[8, 2, 3]\n"
    "param \"conv.bias\": float32[8]\n"
    "param \"start\": float32[1, 5]\n"
    "state h: float32[1, 5]\n"
    "state \"odd name\": float32[]\n"
    "reset:\n"
    "  %0 = param() index=12 : float32[1, 5]\n"
    "  %1 = const() number=0.1 : float32[]\n"
    "  %2 = mul(%0, %1) : float32[1, 5]\n"
    "run:\n"
    "  %3 sentence = input() index=0 : int32[T, B]\n"
    "  %4 lengths = input() index=1 : int32[B]\n"
    "  %5 x = input() index=2 : float32[B, 4, 2*T + 3]\n"
    "  %6 h = state() index=0 : float32[1, 5]\n"
    "  %7 = state() index=1 : float32[]\n"
    "  %8 = param() index=0 : float32[9, 6]\n"
    "  %9 embeds = embedding(%3, %8) has_max_norm=true max_norm=1.5 norm_type=inf : float32[T, B, 6]"
    "  # emb = Embedding(9, 6, max_norm=1.5)\n"
    "  %10 = param() index=1 : float32[24, 6]\n"
    "  %11 = param() index=2 : float32[24, 4]\n"
    "  %12 = param() index=3 : float32[24]\n"
    "  %13 = param() index=4 : float32[4, 6]\n"
    "  %14 out, %15, %16 \"c n\" = recurrent(%9, -, -, %4, %10, %11, %12, -, %13) cell=lstm activation=tanh "
    "recurrent_activation=sigmoid reverse=true : float32[T, B, 4], float32[B, 4], float32[B, 6]"
    "  # lstm_l0_reverse = LSTM(6, 6, proj_size=4)\n"
    "  %17 = param() index=5 : float32[15, 4]\n"
    "  %18 = param() index=6 : float32[15, 5]\n"
    "  %19 = param() index=7 : float32[15]\n"
    "  %20 first = slice(%14) axis=1 start=0 step=1 : float32[T, 1, 4]\n"
    "  %21, %22 = recurrent(%20, %6, -, -, %17, %18, %19, %19, -) cell=gru activation=hard_sigmoid "
    "recurrent_activation=softsign reset_after=true : float32[T, 1, 5], float32[1, 5]  # gru\n"
    "  %23 = param() index=8 : float32[3, 5]\n"
    "  %24 = param() index=9 : float32[3]\n"
    "  %25 = linear(%21, %23, %24) : float32[T, 1, 3]  # \"strange label\" = \" a source\\nof two lines\"\n"
    "  %26 = log_softmax(%25) axis=2 : float32[T, 1, 3]\n"
    "  %27 = softmax(%26) axis=2 : float32[T, 1, 3]\n"
    "  %28 = argmax(%27) axes=(2) : int32[T, 1]\n"
    "  %29 = clamp(%28) low=0 high=2 : int32[T, 1]\n"
    "  %30 = one_hot(%29) count=3 : float32[T, 1, 3]\n"
    "  %31 = permute(%30) perm=(0, 2, 1) : float32[T, 3, 1]\n"
    "  %32 = matmul(%31, %26) : float32[T, 3, 3]\n"
    "  %33 = param() index=10 : float32[8, 2, 3]\n"
    "  %34 = param() index=11 : float32[8]\n"
    "  %35 = conv1d(%5, %33, %34) stride=2 dilation=1 groups=2 before=1 : float32[B, 8, (2*T + 1)//2 + 1]\n"
    "  %36 = layer_norm(%35, -, -) count=1 eps=1e-05 : float32[B, 8, T + 1]\n"
    "  %37 = batch_norm(%36, %34, %34, %34, -) eps=0.001 : float32[B, 8, T + 1]\n";
static const char second_half[] =
    "  %38 = neg(%29) : int32[T, 1]\n"
    "  %39 = abs(%38) : int32[T, 1]\n"
    "  %40 = relu(%39) : int32[T, 1]\n"
    "  %41 = cast(%40) : float32[T, 1]\n"
    "  %42 = leaky_relu(%41) negative_slope=0.01 : float32[T, 1]\n"
    "  %43 = elu(%42) alpha=1 : float32[T, 1]\n"
    "  %44 = gelu(%43) : float32[T, 1]\n"
    "  %45 = gelu_tanh(%44) : float32[T, 1]\n"
    "  %46 = sigmoid(%45) : float32[T, 1]\n"
    "  %47 = tanh(%46) : float32[T, 1]\n"
    "  %48 = softplus(%47) beta=1 threshold=20 : float32[T, 1]\n"
    "  %49 = exp(%48) : float32[T, 1]\n"
    "  %50 = log(%49) : float32[T, 1]\n"
    "  %51 = sqrt(%50) : float32[T, 1]\n"
    "  %52 = const() number=-0 : float32[]\n"
    "  %53 = add(%51, %52) : float32[T, 1]\n"
    "  %54 = sub(%53, %51) : float32[T, 1]\n"
    "  %55 = div(%54, %7) : float32[T, 1]\n"
    "  %56 = pow(%55, %52) : float32[T, 1]\n"
    "  %57 = maximum(%56, %55) : float32[T, 1]\n"
    "  %58 = minimum(%57, %55) : float32[T, 1]\n"
    "  %59 = sum(%58) axes=(0, 1) : float32[]\n"
    "  %60 = mean(%58) axes=(0) keepdim=true : float32[1, 1]\n"
    "  %61 = max(%58) axes=(0) : float32[1]\n"
    "  %62 = min(%58) axes=(1) : float32[T]\n"
    "  %63 = reshape(%58) : float32[T]\n"
    "  %64 = slice(%63) axis=0 start=T - 1 step=1 : float32[1]\n"
    "  %65 = cat(%62, %63, %64) axis=0 : float32[2*T + 1]\n"
    "  %66 = pad(%65) axis=0 before=1 after=0 mode=reflect : float32[2*T + 2]\n"
    "  %67 = pad(%66) axis=0 before=0 after=2 mode=constant number=-1.5 : float32[2*T + 4]\n"
    "  %68 = copy(%67) : float32[2*T + 4]\n"
    "  %69 = slice(%63) axis=0 start=0 step=3 : float32[(T + 2)//3]\n"
    "  %70 = clamp(%69) low=-inf high=0.30000000000000004 : float32[(T + 2)//3]\n"
    "  %71 = slice(%3) axis=0 start=0 step=1 : int32[1, B]\n"
    "output tags = %26\n"
    "output \"odd output\" = %70\n"
    "next h = %22\n"
    "init h = %2\n"
    "next \"odd name\" = %59\n"
    "check token %71 in 0..8\n"
    "check length %4 in 1..T\n";
static const char *everything; /* both: C99 promises room for 4095 characters in a literal */

static inline void setup(void)
{
    memory = arena_new();
    everything = arena_printf(memory, "%s%s", first_half, second_half);
}

static inline void teardown(void)
{
    arena_free(memory);
}

static inline ir_model *read_text(const char *s)
{
    const char *error = NULL;
    ir_model *m = ir_read(memory, s, strlen(s), &error);
    ck_assert_msg(m != NULL, "%s", error);
    return m;
}

static inline ir_value *value(const ir_model *m, unsigned id)
{
    const ir_graph *graphs[] = {&m->run, &m->reset};
    for (int g = 0; g < 2; g++)
        for (ir_node *n = graphs[g]->first; n; n = n->next)
            for (unsigned i = 0; i < n->result_count; i++)
                if (n->results[i]->id == id) return n->results[i];
    ck_abort_msg("no %%%u", id);
}

static inline ir_node *node(const ir_model *m, unsigned id)
{
    return value(m, id)->producer;
}

/* The text with one place changed. */
static inline char *edited(const char *s, const char *from, const char *to)
{
    const char *at = strstr(s, from);
    ck_assert_msg(at != NULL, "no %s in the text", from);
    return arena_printf(memory, "%.*s%s%s", (int)(at - s), s, to, at + strlen(from));
}

"""RNN, LSTM and GRU as torch.nn calls them: layers, directions, projections, states, lengths, batch and time forms."""
import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .case import Case, livelier, randn


def packed(rnn, x, lengths, states=None, batch_first=False):
    """What `rnn(x, states, lengths=lengths)` means."""
    total = x.shape[1 if batch_first else 0]
    seq = pack_padded_sequence(x, lengths.to(torch.int64), batch_first=batch_first, enforce_sorted=False)
    out, last = rnn(seq, states)
    out, _ = pad_packed_sequence(out, batch_first=batch_first, total_length=total)
    return out, last


def flat(out, last):
    return (out, *last) if isinstance(last, tuple) else (out, last)


def recurrent(name, kind, inputs, hidden, T=7, B=3, runtime="TB", states=False, lengths=None, call="", **options):
    """A case of one recurrent layer with all its results as outputs.

    B=None is unbatched; `runtime` names the dims that are run-time ones; `lengths` is a list of B numbers (the input
    then is NaN past them); `call` is how the layer's arguments are written where the default form is not wanted.
    """
    c = Case(name)
    rnn = livelier(getattr(nn, kind)(inputs, hidden, **options))
    c.layer("rnn", rnn)
    batch_first = options.get("batch_first", False)
    lstm = kind == "LSTM"
    sizes = {"T": T, "B": B}
    dims, head = {}, []
    for d in runtime:
        if sizes[d] is not None:
            head.append(f"    dim {d} = 1..{max(16, sizes[d] + 3)}")
            dims[d] = sizes[d]
    def shape(*parts):
        return "[" + ", ".join(p if p in dims else str(sizes.get(p, p)) for p in parts) + "]"
    order = ("T",) if B is None else ("B", "T") if batch_first else ("T", "B")
    x = randn(*[sizes[d] for d in order], inputs)
    if lengths:
        for b, n in enumerate(lengths):
            x[(b, slice(n, None)) if batch_first else (slice(n, None), b)] = np.nan
    c.input("x", x)
    head.append('    weights "weights.safetensors"')
    head.append(f"    input x: float32{shape(*order, str(inputs))}")
    args = ["x"]
    rows = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    if states:
        batch = () if B is None else ("B",)
        width = options.get("proj_size", 0) or hidden
        for s, n in (("h0", width), ("c0", hidden))[:2 if lstm else 1]:
            c.input(s, randn(rows, *[sizes[b] for b in batch], n))
            head.append(f"    input {s}: float32{shape(str(rows), *batch, str(n))}")
        args.append("(h0, c0)" if lstm else "h0")
    if lengths:
        c.input("n", np.array(lengths, np.int32))
        head.append(f"    input n: int32{shape('B')}")
        args.append("lengths=n")
    words = [f"{k}={v!r}" for k, v in options.items()]
    head.append(f"    layer rnn = {kind}({call or ', '.join([str(inputs), str(hidden), *words])})")
    last = "(hn, cn)" if lstm else "hn"
    head.append(f"    out, {last} = rnn({', '.join(args)})")
    head.append("    output out, hn, cn" if lstm else "    output out, hn")

    def forward(m, x, *rest):
        given = None
        if states:
            given, rest = ((rest[0], rest[1]), rest[2:]) if lstm else (rest[0], rest[1:])
        if lengths:
            return flat(*packed(m.rnn, x, rest[0], given, batch_first))
        return flat(*m.rnn(x, given))
    c.write("model recurrent {\n" + "\n".join(head) + "\n}\n", forward, dims=dims)


def make():
    recurrent("rnn_1_1_unbatched_t1", "RNN", 1, 1, T=1, B=None, runtime="")
    recurrent("rnn_33_three_layers", "RNN", 5, 33, num_layers=3, batch_first=True)
    recurrent("rnn_relu_bidirectional", "RNN", 7, 16, num_layers=2, nonlinearity="relu", bias=False, bidirectional=True)
    recurrent("rnn_lengths_h0", "RNN", 4, 5, T=9, B=5, states=True, lengths=[4, 9, 1, 7, 2])
    recurrent("rnn_65_unbatched_h0", "RNN", 17, 65, T=19, B=None, states=True)
    recurrent("rnn_tanh_positional", "RNN", 3, 2, T=4, B=1, runtime="T", num_layers=2, nonlinearity="tanh", bias=False,
              call="3, 2, 2, 'tanh', False")
    recurrent("rnn_relu_lengths_bidirectional", "RNN", 6, 17, T=6, B=4, runtime="B", lengths=[6, 3, 1, 6],
              nonlinearity="relu", bidirectional=True, batch_first=True)

    recurrent("lstm_hidden_1", "LSTM", 1, 1, T=33, B=None)
    recurrent("lstm_hidden_2_one_step", "LSTM", 3, 2, T=1, B=1, runtime="")
    recurrent("lstm_hidden_3_batch_17", "LSTM", 2, 3, T=5, B=17)
    recurrent("lstm_hidden_5_dropout", "LSTM", 5, 5, num_layers=2, dropout=0.5, batch_first=True)
    recurrent("lstm_hidden_16_three_layers", "LSTM", 16, 16, T=18, B=2, num_layers=3)
    recurrent("lstm_hidden_17", "LSTM", 17, 17, T=40, B=None)
    recurrent("lstm_hidden_31_bidirectional", "LSTM", 10, 31, bias=False, bidirectional=True)
    recurrent("lstm_hidden_47_given", "LSTM", 8, 47, T=5, B=4, states=True, batch_first=True, runtime="B")
    recurrent("lstm_hidden_65_bidirectional_given", "LSTM", 6, 65, T=5, B=2, states=True,
              bidirectional=True, batch_first=True)
    recurrent("lstm_unbatched_bidirectional_given", "LSTM", 4, 9, T=11, B=None, states=True, num_layers=2,
              bidirectional=True)
    recurrent("lstm_batch_33_one_step", "LSTM", 9, 17, T=1, B=33, runtime="")
    recurrent("lstm_batch_9_runtime", "LSTM", 7, 20, T=3, B=9, runtime="B")
    recurrent("lstm_hidden_129", "LSTM", 70, 129, T=3, B=5, batch_first=True)
    recurrent("lstm_wide_input", "LSTM", 129, 3, T=4, B=2)
    recurrent("lstm_long", "LSTM", 3, 20, T=211, B=2, runtime="T")
    recurrent("lstm_positional_arguments", "LSTM", 6, 4, T=5, B=2, num_layers=2, bias=True, batch_first=True,
              dropout=0.1, bidirectional=True, call="6, 4, 2, true, true, 0.1, true")
    recurrent("lstm_proj_1", "LSTM", 4, 7, T=9, B=None, proj_size=1)
    recurrent("lstm_proj_bidirectional_given", "LSTM", 5, 18, T=6, B=3, num_layers=2, bidirectional=True, proj_size=5,
              states=True, batch_first=True)
    recurrent("lstm_proj_17_of_33", "LSTM", 12, 33, T=5, B=2, num_layers=3, proj_size=17, bias=False, runtime="T")
    recurrent("lstm_proj_unbatched_given", "LSTM", 3, 40, T=20, B=None, proj_size=16, states=True)
    recurrent("lstm_proj_lengths", "LSTM", 6, 11, T=8, B=4, proj_size=3, num_layers=2, bidirectional=True, states=True,
              lengths=[2, 8, 5, 1])
    recurrent("lstm_lengths_time_major", "LSTM", 4, 10, T=9, B=3, states=True, lengths=[3, 9, 6])
    recurrent("lstm_lengths_bidirectional_given", "LSTM", 5, 19, T=7, B=6, num_layers=2, bidirectional=True,
              states=True, batch_first=True, lengths=[7, 1, 4, 4, 2, 6])
    recurrent("lstm_lengths_batch_1", "LSTM", 3, 17, T=12, B=1, lengths=[5], batch_first=True)
    recurrent("lstm_lengths_long", "LSTM", 2, 6, T=70, B=3, lengths=[33, 64, 17], num_layers=2)
    recurrent("lstm_lengths_none_full", "LSTM", 2, 5, T=9, B=2, runtime="B", lengths=[3, 6], bidirectional=True)

    recurrent("gru_hidden_1", "GRU", 1, 1, T=17, B=None)
    recurrent("gru_hidden_2_nobias", "GRU", 3, 2, bias=False, batch_first=True)
    recurrent("gru_hidden_3_one_step", "GRU", 2, 3, T=1, B=5, runtime="B", states=True)
    recurrent("gru_hidden_17_three_layers", "GRU", 13, 17, T=10, B=2, num_layers=3, dropout=0.2)
    recurrent("gru_hidden_31_unbatched_given", "GRU", 5, 31, T=35, B=None, states=True, num_layers=2)
    recurrent("gru_hidden_64", "GRU", 33, 64, T=6, B=1, runtime="T")
    recurrent("gru_hidden_97_unbatched", "GRU", 40, 97, T=18, B=None)
    recurrent("gru_hidden_65_bidirectional", "GRU", 3, 65, T=5, B=2, bidirectional=True, bias=False)
    recurrent("gru_bidirectional_given", "GRU", 6, 7, T=9, B=4, bidirectional=True, num_layers=3, states=True,
              batch_first=True)
    recurrent("gru_lengths_bidirectional", "GRU", 5, 18, T=8, B=5, bidirectional=True, num_layers=2, states=True,
              lengths=[8, 2, 5, 1, 7])
    recurrent("gru_lengths_batch_first", "GRU", 4, 16, T=6, B=3, runtime="T", lengths=[1, 6, 1], batch_first=True,
              bias=False)
    recurrent("gru_batch_35", "GRU", 5, 9, T=4, B=35)

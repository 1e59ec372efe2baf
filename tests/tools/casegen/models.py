"""Whole small models as people build them."""
import torch
import torch.nn.functional as F
from torch import nn

from .case import Case, ids, livelier, noisy_norm, randn
from .recurrent import packed


def make():
    c = Case("model_seq2seq_attention")
    c.layer("src", nn.Embedding(23, 10))
    c.layer("encoder", livelier(nn.GRU(10, 18, batch_first=True, bidirectional=True)))
    c.layer("bridge", nn.Linear(36, 18)).layer("tgt", nn.Embedding(19, 9))
    c.layer("decoder", nn.GRU(9, 18, batch_first=True))
    c.layer("query", nn.Linear(18, 36, bias=False)).layer("out", nn.Linear(54, 19))
    c.input("source", ids(23, 2, 7)).input("target", ids(19, 2, 5))

    def seq2seq(m, source, target):
        memory, h = m.encoder(m.src(source))
        h = torch.tanh(m.bridge(torch.cat([h[0], h[1]], 1)))[None]
        out, _ = m.decoder(m.tgt(target), h)
        scores = torch.matmul(m.query(out), memory.transpose(1, 2)) / 6
        weights = scores.softmax(-1)
        return F.log_softmax(m.out(torch.cat([out, weights @ memory], -1)), -1), weights
    c.write('''
# sequence to sequence with dot-product attention; teacher forcing
model seq2seq {
    dim B = 1..4
    dim S = 1..30
    dim T = 1..30
    weights "weights.safetensors"
    input source: int32[B, S]
    input target: int32[B, T]
    layer src = Embedding(23, 10)
    layer encoder = GRU(10, 18, batch_first=True, bidirectional=True)
    layer bridge = Linear(36, 18)
    layer tgt = Embedding(19, 9)
    layer decoder = GRU(9, 18, batch_first=True)
    layer query = Linear(18, 36, bias=False)
    layer out = Linear(54, 19)

    memory, h = encoder(src(source))
    h = unsqueeze(tanh(bridge(cat([h[0], h[1]], dim=1))), 0)
    out, _ = decoder(tgt(target), h)
    weights_of: float32[B, T, S] = softmax(matmul(query(out), transpose(memory, 1, 2)) / 6, dim=-1)
    context = matmul(weights_of, memory)
    output scores: float32[B, T, 19] = log_softmax(out(cat([out, context], dim=-1)), dim=-1)
    output weights_of
}
''', seq2seq, dims={"B": 2, "S": 7, "T": 5})

    c = Case("model_sentiment_packed")
    c.layer("embedding", nn.Embedding(31, 12, padding_idx=0))
    c.layer("rnn", livelier(nn.LSTM(12, 17, num_layers=2, bidirectional=True, dropout=0.5)))
    c.layer("fc", nn.Linear(34, 1))
    words, lengths = ids(31, 9, 3), torch.tensor([9, 4, 6], dtype=torch.int32).numpy()
    words[4:, 1], words[6:, 2] = 0, 0
    c.input("text", words).input("text_lengths", lengths)

    def sentiment(m, text, lengths):
        _, (h, _) = packed(m.rnn, m.embedding(text), lengths)
        return torch.sigmoid(m.fc(torch.cat((h[-2], h[-1]), 1)))
    c.write('''
# the classifier of the usual tutorial: the last layer's two directions, side by side
model sentiment {
    dim T = 1..40
    dim B = 1..8
    weights "weights.safetensors"
    input text: int32[T, B]
    input text_lengths: int32[B]
    layer embedding = Embedding(31, 12, padding_idx=0)
    layer rnn = LSTM(12, 17, num_layers=2, bidirectional=True, dropout=0.5)
    layer fc = Linear(34, 1)
    layer dropout = Dropout(0.5)
    embedded = dropout(embedding(text))
    _, (hidden, cell) = rnn(embedded, lengths=text_lengths)
    hidden = dropout(cat((hidden[-2], hidden[-1]), dim=1))
    output p: float32[B, 1] = sigmoid(fc(hidden))
}
''', sentiment, dims={"T": 9, "B": 3})

    c = Case("model_char_cnn_lstm")
    c.layer("chars", nn.Embedding(27, 8)).layer("conv", nn.Conv1d(8, 13, 3, padding=1))
    c.layer("words", nn.Embedding(40, 11))
    c.layer("lstm", livelier(nn.LSTM(24, 9, batch_first=True, bidirectional=True))).layer("tags", nn.Linear(18, 6))
    c.input("word", ids(40, 1, 5)).input("letters", ids(27, 5, 7))

    def char_cnn(m, word, letters):
        y = m.conv(m.chars(letters).transpose(1, 2)).relu().max(2)[0]
        out, _ = m.lstm(torch.cat([m.words(word), y.view(1, 5, 13)], -1))
        scores = m.tags(out)
        return scores, scores.argmax(-1)
    c.write('''
# a tagger that reads each word's letters with a convolution
model char_tagger {
    dim T = 1..25
    weights "weights.safetensors"
    input word: int32[1, T]
    input letters: int32[T, 7]
    layer chars = Embedding(27, 8)
    layer conv = Conv1d(8, 13, 3, padding=1)
    layer words = Embedding(40, 11)
    layer lstm = LSTM(24, 9, batch_first=True, bidirectional=True)
    layer tags = Linear(18, 6)
    y: float32[T, 13] = max(relu(conv(transpose(chars(letters), 1, 2))), dim=2)
    out, _ = lstm(cat([words(word), view(y, 1, T, 13)], dim=-1))
    output scores = tags(out)
    output best: int32[1, T] = argmax(scores, dim=-1)
}
''', char_cnn, dims={"T": 5})

    c = Case("model_speech_commands")
    c.layer("conv.0", nn.Conv1d(20, 24, 5, stride=2, padding=2, bias=False))
    c.layer("conv.1", noisy_norm(nn.BatchNorm1d(24)))
    c.layer("conv.3", nn.Conv1d(24, 24, 3, padding=1, groups=24)).layer("conv.4", noisy_norm(nn.BatchNorm1d(24)))
    c.layer("gru", nn.GRU(24, 21, num_layers=2, batch_first=True)).layer("norm", noisy_norm(nn.LayerNorm(21)))
    c.layer("fc", nn.Linear(21, 7)).input("mel", randn(2, 20, 31))

    def speech(m, x):
        x = F.relu(m.conv_1(m.conv_0(x)))
        x = F.hardtanh(m.conv_4(m.conv_3(x)), 0, 6)
        out, h = m.gru(x.permute(0, 2, 1))
        return F.log_softmax(m.fc(m.norm(out)), 2), F.softmax(m.fc(m.norm(out).mean(1)), 1)
    c.write('''
# spectrogram -> convolutions with batch norm -> GRU -> one label a frame (CTC), and one for the whole
model speech {
    dim B = 1..3
    dim F = 1..60
    weights "weights.safetensors"
    input mel: float32[B, 20, F]
    layer conv.0 = Conv1d(20, 24, 5, stride=2, padding=2, bias=False)
    layer conv.1 = BatchNorm1d(24)
    layer conv.3 = Conv1d(24, 24, 3, padding=1, groups=24)
    layer conv.4 = BatchNorm1d(24)
    layer gru = GRU(24, 21, num_layers=2, batch_first=True)
    layer norm = LayerNorm(21)
    layer fc = Linear(21, 7)
    x = relu(conv.1(conv.0(mel)))
    x: float32[B, 24, (F - 1)//2 + 1] = hardtanh(conv.4(conv.3(x)), 0, 6)
    out, _ = gru(permute(x, 0, 2, 1))
    y = norm(out)
    output frames = log_softmax(fc(y), dim=2)
    output whole = softmax(fc(mean(y, dim=1)), dim=1)
}
''', speech, dims={"B": 2, "F": 31})

    c = Case("model_self_attention")
    c.layer("embed", nn.Embedding(15, 12)).layer("position", randn(20, 12)).layer("qkv", nn.Linear(12, 36))
    c.layer("proj", nn.Linear(12, 12)).layer("ln1", noisy_norm(nn.LayerNorm(12)))
    c.layer("ln2", noisy_norm(nn.LayerNorm(12)))
    c.layer("up", nn.Linear(12, 33)).layer("down", nn.Linear(33, 12)).input("ids", ids(15, 2, 6))

    def attention(m, ids):
        x = m.embed(ids) + m.position[:6]
        q, k, v = (m.qkv(m.ln1(x))[..., 12 * i:12 * i + 12].reshape(2, 6, 3, 4).permute(0, 2, 1, 3) for i in range(3))
        a = torch.softmax(q @ k.transpose(-2, -1) * 0.5, -1) @ v
        x = x + m.proj(a.transpose(1, 2).reshape(2, 6, 12))
        return x + m.down(F.gelu(m.up(m.ln2(x))))
    c.write('''
# a transformer block of three heads
model attention {
    dim B = 1..3
    dim T = 1..20
    weights "weights.safetensors"
    input ids: int32[B, T]
    param position: float32[20, 12]
    layer embed = Embedding(15, 12)
    layer qkv = Linear(12, 36)
    layer proj = Linear(12, 12)
    layer ln1 = LayerNorm(12)
    layer ln2 = LayerNorm(12)
    layer up = Linear(12, 33)
    layer down = Linear(33, 12)
    x = embed(ids) + position[:T]
    y: float32[B, T, 36] = qkv(ln1(x))
    q: float32[B, 3, T, 4] = permute(reshape(y[..., 0:12], B, T, 3, 4), 0, 2, 1, 3)
    k = permute(reshape(y[..., 12:24], B, T, 3, 4), 0, 2, 1, 3)
    v = permute(reshape(y[..., 24:], B, T, 3, 4), 0, 2, 1, 3)
    a = matmul(softmax(matmul(q, transpose(k, -2, -1)) * 0.5, dim=-1), v)
    x = x + proj(reshape(contiguous(transpose(a, 1, 2)), B, T, 12))
    output y = x + down(gelu(up(ln2(x))))
}
''', attention, dims={"B": 2, "T": 6})

    c = Case("model_forecaster")
    c.layer("lstm", livelier(nn.LSTM(5, 33, num_layers=2, batch_first=True))).layer("skip", nn.Linear(5, 3))
    c.layer("head.0", nn.Linear(33, 16)).layer("head.2", nn.Linear(16, 3)).layer("mean", randn(5))
    c.layer("std", randn(5) ** 2 + 0.5)
    c.input("x", randn(3, 14, 5) * 2)

    def forecast(m, x):
        z = (x - m.mean) / m.std
        out, _ = m.lstm(z)
        last = out[:, -1, :]
        return m.head_2(F.leaky_relu(m.head_0(last), 0.1)) + m.skip(z[:, -1])
    c.write('''
# a time series, normalised by stored statistics; the last step gives the forecast
model forecaster {
    dim B = 1..16
    dim T = 1..64
    weights "weights.safetensors"
    input x: float32[B, T, 5]
    param mean: float32[5]
    param std: float32[5]
    layer lstm = LSTM(5, 33, num_layers=2, batch_first=True)
    layer skip = Linear(5, 3)
    layer head.0 = Linear(33, 16)
    layer head.2 = Linear(16, 3)
    z = (x - mean) / std
    out, _ = lstm(z)
    last: float32[B, 33] = out[:, -1, :]
    output y = head.2(leaky_relu(head.0(last), 0.1)) + skip(z[:, -1])
}
''', forecast, dims={"B": 3, "T": 14})

    c = Case("model_recurrent_of_views")
    c.layer("a", livelier(nn.LSTM(6, 9))).layer("b", livelier(nn.GRU(9, 5, batch_first=True, bidirectional=True)))
    c.input("x", randn(4, 6, 7))

    def views(m, x):
        a, (h, _) = m.a(x.permute(2, 0, 1))
        b, g = m.b(a[1:].transpose(0, 1) * 2, torch.cat([h, h])[:, :, 2:7])
        return b[:, ::2], g, m.a(x[1:3, :, :3].permute(2, 0, 1), (h[:, 1:3], -h[:, 1:3]))[0]
    c.write('''
# recurrent layers on transposed, sliced and computed inputs and states
model of_views {
    dim B = 3..8
    weights "weights.safetensors"
    input x: float32[B, 6, 7]
    layer a = LSTM(6, 9)
    layer b = GRU(9, 5, batch_first=True, bidirectional=True)
    y, (h, _) = a(permute(x, 2, 0, 1))
    z, g = b(transpose(y[1:], 0, 1) * 2, cat([h, h])[:, :, 2:7])
    w, _ = a(permute(x[1:3, :, :3], 2, 0, 1), (h[:, 1:3], -h[:, 1:3]))
    output odd: float32[B, 3, 10] = z[:, ::2]
    output g, w
}
''', views, dims={"B": 4})

    c = Case("model_recurrent_of_one_step")
    c.layer("a", livelier(nn.LSTM(6, 9))).layer("b", livelier(nn.GRU(6, 5, batch_first=True)))
    c.input("x", randn(7, 4, 6)).input("y", randn(4, 7, 6)).input("z", randn(2, 7, 6))

    def one_step(m, x, y, z):
        return m.a(x[2:3])[0], m.b(y[:, 1:2])[0], m.b(z[:, 3:4])[0], m.a(z.transpose(0, 1)[5:6])[0]
    c.write('''
# sequences of one step: rows that lie next to each other, or T * 6 apart
model one_step {
    dim B = 1..8
    dim T = 6..9
    weights "weights.safetensors"
    input x: float32[T, B, 6]
    input y: float32[B, T, 6]
    input z: float32[2, T, 6]
    layer a = LSTM(6, 9)
    layer b = GRU(6, 5, batch_first=True)
    p, _ = a(x[2:3])
    q, _ = b(y[:, 1:2])
    r, _ = b(z[:, 3:4])
    s, _ = a(transpose(z, 0, 1)[5:6])
    output p, q, r, s
}
''', one_step, dims={"B": 4, "T": 7})

    c = Case("model_recurrent_of_more_rows_than_steps")
    c.layer("a", livelier(nn.LSTM(5, 7, batch_first=True))).layer("b", livelier(nn.GRU(5, 6)))
    c.input("x", randn(9, 4, 5)).input("y", randn(11, 13, 5))

    def more_rows(m, x, y):
        p, (h, _) = m.a(x)
        return p, h, m.b(y[:, 2:11])[0], m.b(y[:7, :12])[0]
    c.write('''
# the rows of one step at a time: fewer steps than rows, which lie apart
model more_rows {
    dim B = 8..12
    dim T = 10..60
    weights "weights.safetensors"
    input x: float32[B, 4, 5]
    input y: float32[T, 13, 5]
    layer a = LSTM(5, 7, batch_first=True)
    layer b = GRU(5, 6)
    p, (h, _) = a(x)
    q, _ = b(y[:, 2:11])
    r, _ = b(y[:7, :12])
    output p, h, q, r
}
''', more_rows, dims={"B": 9, "T": 11})

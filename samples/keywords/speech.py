"""speech: words by a formant synthesiser, 8 kHz: harmonics of a falling voice, and noise, each shaped by resonances.

A sound is (milliseconds, the first three formants in Hz, voice, noise, the noise's centre in Hz); formants, voice and
noise go from one sound's to the next within some 40 ms, as a mouth moves. The formants of vowels are G. E. Peterson's
and H. L. Barney's (JASA 24, 1952).
"""
import numpy

RATE = 8000
WORDS = {
    "yes": [(70, (280, 2200, 2900), 0.8, 0, 0), (130, (530, 1840, 2480), 1, 0, 0),
            (160, (500, 1800, 2500), 0, 0.5, 3600)],
    "no": [(90, (260, 1300, 2300), 0.5, 0, 0), (120, (570, 900, 2410), 1, 0, 0),
           (110, (350, 800, 2300), 0.8, 0, 0)],
    "stop": [(120, (500, 1800, 2500), 0, 0.5, 3600), (60, (500, 1500, 2500), 0, 0, 0),
             (15, (600, 1700, 2600), 0, 0.8, 3200), (140, (730, 1090, 2440), 1, 0, 0),
             (60, (500, 900, 2300), 0, 0, 0), (20, (400, 900, 2200), 0, 0.4, 900)],
    "go": [(50, (250, 1500, 2200), 0.15, 0, 0), (20, (300, 1500, 2000), 0, 0.7, 1500),
           (120, (500, 900, 2400), 1, 0, 0), (130, (350, 800, 2300), 0.8, 0, 0)],
}
OTHER_SOUNDS = [(110, (270, 2290, 3010), 1, 0, 0), (120, (730, 1090, 2440), 1, 0, 0),
                (110, (300, 870, 2240), 0.9, 0, 0), (120, (660, 1720, 2410), 1, 0, 0),
                (110, (490, 1350, 1690), 1, 0, 0), (80, (260, 1100, 2200), 0.5, 0, 0),
                (110, (500, 1500, 2500), 0, 0.4, 2400), (60, (500, 1500, 2500), 0, 0, 0)]


def track(values, lengths):
    """A value for each sample, from those of the sounds."""
    steps = numpy.repeat(numpy.asarray(values, float), lengths)
    reach = numpy.hanning(RATE * 40 // 1000 + 2)
    smooth = numpy.convolve(numpy.pad(steps, len(reach), mode="edge"), reach / reach.sum(), "same")
    return smooth[len(reach):-len(reach)]


def say(sounds, random):
    """One word by a voice of its own: pitch, length of the throat, pace."""
    pitch, throat, pace = random.uniform(90, 230), random.uniform(0.9, 1.15), random.uniform(0.85, 1.25)
    lengths = [max(1, int(RATE * pace * s[0] / 1000)) for s in sounds]
    formants = [track([s[1][i] * throat for s in sounds], lengths) for i in range(3)]
    voice, noise = track([s[2] for s in sounds], lengths), track([s[3] for s in sounds], lengths)
    count = sum(lengths)
    f0 = pitch * numpy.linspace(1.05, 0.85, count)
    phase = 2 * numpy.pi * numpy.cumsum(f0) / RATE
    sound = numpy.zeros(count)
    for k in range(1, int(0.95 * RATE / 2 / f0.max()) + 1):
        amplitude = 1 / k
        for formant, width in zip(formants, (80, 100, 150)):        # a two-pole resonance
            f = k * f0
            amplitude = amplitude * formant ** 2 / numpy.hypot(formant ** 2 - f ** 2, width * f)
        sound += amplitude * numpy.sin(k * phase)
    sound *= voice
    hiss = numpy.fft.rfft(random.normal(size=count))
    f = numpy.fft.rfftfreq(count, 1 / RATE)
    centres = numpy.repeat([s[4] for s in sounds], lengths)
    for centre in set(s[4] for s in sounds if s[3]):
        band = numpy.fft.irfft(hiss * numpy.exp(-((f - centre * throat) / 700) ** 2), count)
        sound += 6 * noise * band * (centres == centre)
    return 0.1 * sound * numpy.hanning(count) ** 0.1


def other(random):
    """A word that is none of WORDS."""
    return [OTHER_SOUNDS[i] for i in random.integers(len(OTHER_SOUNDS), size=random.integers(2, 5))]


def clip(seconds, words, random):
    """Samples in [-1, 1], float32: the words (None: one that is none of WORDS) in their order, pauses, and noise."""
    said = [say(WORDS[w] if w else other(random), random) for w in words]
    count = int(seconds * RATE)
    pauses = random.dirichlet([1] * (len(said) + 1)) * (count - sum(map(len, said)))
    samples, at = random.normal(size=count) * 10 ** random.uniform(-3.5, -2), 0
    for pause, word in zip(pauses, said):
        at += int(pause)
        samples[at:at + len(word)] += word[:count - at] * random.uniform(0.5, 1.5)
        at += len(word)
    return numpy.clip(samples, -1, 1).astype(numpy.float32)

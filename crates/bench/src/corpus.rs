//! Texts with the words of a natural language, as far as searches can tell: few words are in most texts, and most words
//! in few.
//!
//! What must stay true: a message is worked out from its number alone, so that whoever knows the number knows its words.

/// The number of different words.
const WORDS: usize = 50_000;
/// Maximum number of words of a message; the minimum is one, and all numbers between them are as frequent.
const MESSAGE_WORDS_MAX: u64 = 19;
/// The syllables of which words are made.
const CONSONANTS: &[u8; 20] = b"bcdfghjklmnprstvwxyz";
const VOWELS: &[u8; 5] = b"aeiou";
const SYLLABLES: usize = CONSONANTS.len() * VOWELS.len();
/// Spreads neighbouring ranks over all words of a length, so that words that begin alike differ in frequency. It is
/// coprime to the numbers of these.
const SPREAD: usize = 7_919;

/// A sequence of numbers that look random: SplitMix64.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn from(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The next number below a bound that is far below 2⁶⁴.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// The next number from 0 up to 1.
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Messages in conversations.
pub(crate) struct Corpus {
    /// For each rank, the sum of the frequencies of all words up to it.
    up_to: Vec<f64>,
    conversations: usize,
}

/// One message: the number of its conversation, and the ranks of its words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Drawn {
    pub(crate) conversation: usize,
    pub(crate) words: Vec<usize>,
}

impl Drawn {
    pub(crate) fn text(&self) -> String {
        self.words.iter().map(|rank| word(*rank)).collect::<Vec<_>>().join(" ")
    }
}

impl Corpus {
    /// Messages in so many conversations, which have equal shares of them.
    pub(crate) fn of(conversations: usize) -> Self {
        let sums = (1..=WORDS).scan(0.0, |sum, rank| {
            // Zipf's law: the frequency of a word is inverse to its rank.
            *sum += 1.0 / rank as f64;
            Some(*sum)
        });
        Self { up_to: sums.collect(), conversations }
    }

    /// The message with a number.
    pub(crate) fn message(&self, number: u64) -> Drawn {
        let mut numbers = Numbers::from(Numbers::from(number).next());
        let conversation = numbers.below(self.conversations as u64) as usize;
        let count = numbers.below(MESSAGE_WORDS_MAX) + 1;
        let all = self.up_to.last().copied().unwrap_or_default();
        let mut rank = || {
            let drawn = numbers.fraction() * all;
            self.up_to.partition_point(|sum| *sum <= drawn).min(WORDS - 1)
        };
        let words = (0..count).map(|_| rank()).collect();
        Drawn { conversation, words }
    }
}

/// The word with a rank: frequent words have three letters, the rarest seven; in a text it is 4.4 on average.
pub(crate) fn word(rank: usize) -> String {
    let (mut rest, syllables) = match rank {
        _ if rank < SYLLABLES => (rank, 1),
        _ if rank < SYLLABLES.pow(2) => (rank * SPREAD % SYLLABLES.pow(2), 2),
        _ => (rank * SPREAD % SYLLABLES.pow(3), 3),
    };
    let mut word = String::new();
    for _ in 0..syllables {
        let syllable = rest % SYLLABLES;
        rest /= SYLLABLES;
        word.push(char::from(CONSONANTS[syllable / VOWELS.len()]));
        word.push(char::from(VOWELS[syllable % VOWELS.len()]));
    }
    word.push(char::from(CONSONANTS[rank % CONSONANTS.len()]));
    word
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use super::*;

    #[test]
    fn each_rank_has_a_word_of_its_own() {
        assert_eq!((0..WORDS).map(word).collect::<BTreeSet<_>>().len(), WORDS);
        assert_eq!((word(0).len(), word(200).len(), word(20_000).len()), (3, 5, 7));
    }

    #[test]
    fn words_follow_zipf_and_messages_their_numbers() {
        const MESSAGES: u64 = 20_000;
        let corpus = Corpus::of(2_000);
        assert_eq!(corpus.message(17), corpus.message(17));
        let (mut found, mut all, mut conversations) = (HashMap::new(), 0_u32, BTreeSet::new());
        for number in 0..MESSAGES {
            let message = corpus.message(number);
            conversations.insert(message.conversation);
            assert_eq!(message.text().split(' ').count(), message.words.len());
            for rank in message.words {
                *found.entry(rank).or_insert(0_u32) += 1;
                all += 1;
            }
        }
        assert!((f64::from(all) / MESSAGES as f64 - 10.0).abs() < 0.2, "ten words on average, not {all}");
        assert!(conversations.len() > 1_980, "all conversations have messages: {}", conversations.len());
        // The first word has one part in 11.4 of all, and the tenth a tenth of that.
        let share = |rank: usize| f64::from(found.get(&rank).copied().unwrap_or(0)) / f64::from(all);
        assert!((share(0) - 0.0877).abs() < 0.003, "{}", share(0));
        assert!((share(9) - 0.00877).abs() < 0.001, "{}", share(9));
        let letters: f64 = found.iter().map(|(rank, count)| word(*rank).len() as f64 * f64::from(*count)).sum();
        assert!((letters / f64::from(all) - 4.4).abs() < 0.1, "{letters} letters of {all} words");
        assert!(found.len() > 20_000, "rare words come too: {}", found.len());
    }
}

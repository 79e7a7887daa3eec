"""Files of captions are read back as written."""

from captioner.captioning.captions import Caption, Record, read_records, write_records


def test_round_trip_to_five_digits(tmp_path):
    caption = Caption(
        'a "dog"\nand\u2028a 猫', "A photo of a", 2, True, (-0.123456789, -1e-9, -2.0), (0.987654321, 0.0, 3.5)
    )
    empty = Caption("", "", 0, True, (-0.5,), (0.25,))
    records = [
        Record("linear", "test", 7, caption),
        Record("zero", "novel", 3, empty),
        Record("linear", "test", 1, empty),
    ]
    path = tmp_path / "captions.jsonl"
    write_records(path, records)
    again = read_records(path)
    assert [(r.arm, r.split, r.image_id, r.caption.text, r.caption.text_with_prompt) for r in again] == [
        (r.arm, r.split, r.image_id, r.caption.text, r.caption.text_with_prompt) for r in records
    ]
    assert again[0].caption.log_probabilities == (-0.12346, 0.0, -2.0)
    assert again[0].caption.entropies == (0.98765, 0.0, 3.5)
    assert again[1:] == records[1:]
    second = tmp_path / "second.jsonl"
    write_records(second, again)
    assert read_records(second) == again and len(path.read_bytes().splitlines()) == 3


def test_means_are_per_generated_token():
    caption = Caption("a", "a", 1, True, (-1.0, -2.0), (0.5, 1.5))
    assert caption.mean_log_probability == -1.5 and caption.mean_entropy == 1.0

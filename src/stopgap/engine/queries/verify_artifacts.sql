-- Artifacts that are not what their hashes say. One whose JavaScript was supplied has a
-- hash of another kind, which covers that too.
with checked as (
    select
        a.artifact_hash,
        a.compiled_sha256
            <> 'sha256:' || encode(sha256(convert_to(a.compiled_js, 'UTF8')), 'hex')
            as is_compiled_changed,
        a.artifact_hash <> plts.artifact_hash(a.source_ts, a.compiler_opts)
            and a.artifact_hash <> 'sha256:' || encode(
                sha256(
                    convert_to(
                        concat_ws(
                            E'\n',
                            'plts-artifact-supplied:1',
                            a.compiler_opts::text,
                            'sha256:' || encode(
                                sha256(convert_to(a.source_ts, 'UTF8')), 'hex'
                            ),
                            a.compiled_js
                        ),
                        'UTF8'
                    )
                ),
                'hex'
            )
            as is_source_changed
    from plts.artifact as a
)
select *
from checked as c
where c.is_compiled_changed or c.is_source_changed
order by c.artifact_hash

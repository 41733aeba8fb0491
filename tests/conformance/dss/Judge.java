import eu.europa.esig.dss.enumerations.Indication;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.simplereport.jaxb.XmlToken;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;

/**
 * Asks DSS about every PDF in the folders "open", "closed" and "broken" of a folder, off line, with one root trusted.
 *
 * <p>In open and closed files every signature and every time-stamp must pass. In a closed file every signature must be
 * B-LTA. In an open file all but the newest must be B-LT; the newest is B-T to DSS, because DSS takes validation data into
 * account for the level only when it stands in a later revision than the signature. In a broken file something must fail.
 */
public final class Judge {
    private final CommonTrustedCertificateSource trusted = new CommonTrustedCertificateSource();
    private final Date moment;

    private Judge(File root, Date moment) {
        trusted.addCertificate(DSSUtils.loadCertificate(root));
        this.moment = moment;
    }

    /** Arguments: the root's certificate, the folder, and the time of the validation in seconds since 1970. */
    public static void main(String[] arguments) throws IOException {
        Date moment = Date.from(Instant.ofEpochSecond(Long.parseLong(arguments[2])));
        Judge judge = new Judge(new File(arguments[0]), moment);
        for (String state : List.of("open", "closed", "broken")) {
            judge.judgeFolder(Path.of(arguments[1], state));
        }
    }

    private void judgeFolder(Path folder) throws IOException {
        List<Path> files;
        try (Stream<Path> found = Files.list(folder)) {
            files = found.sorted().toList();
        }
        for (Path file : files) {
            List<String> faults = findFaults(validate(file), folder.getFileName().toString());
            System.out.println((faults.isEmpty() ? "ok " : "FAULT ") + file.getFileName() + String.join("; ", faults));
        }
    }

    private SimpleReport validate(Path file) {
        CommonCertificateVerifier verifier = new CommonCertificateVerifier();
        verifier.setTrustedCertSources(trusted);
        verifier.setAIASource(null);
        SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(new FileDocument(file.toFile()));
        validator.setCertificateVerifier(verifier);
        validator.setValidationTime(moment);
        return validator.validateDocument().getSimpleReport();
    }

    private static List<String> findFaults(SimpleReport report, String state) {
        List<String> signatures = report.getSignatureIdList();
        List<String> failed = tokens(report).filter(id -> !isPassed(report.getIndication(id))).toList();
        if (state.equals("broken")) {
            return failed.isEmpty() ? List.of(": everything passes") : List.of();
        }
        List<String> faults = new ArrayList<>();
        if (signatures.isEmpty()) {
            faults.add(": no signature was found");
        }
        failed.forEach(id -> faults.add(": " + describe(report, id)));
        for (int place = 0; place < signatures.size(); place++) {
            SignatureLevel level = report.getSignatureFormat(signatures.get(place));
            if (level != expectedLevel(state, place == signatures.size() - 1)) {
                faults.add(": level of " + describe(report, signatures.get(place)));
            }
        }
        return faults;
    }

    private static SignatureLevel expectedLevel(String state, boolean newest) {
        if (state.equals("closed")) {
            return SignatureLevel.PAdES_BASELINE_LTA;
        }
        return newest ? SignatureLevel.PAdES_BASELINE_T : SignatureLevel.PAdES_BASELINE_LT;
    }

    /** Every signature, and every time-stamp, within a signature or over the whole file. */
    private static Stream<String> tokens(SimpleReport report) {
        Stream<String> inside = report.getSignatureIdList().stream()
                .flatMap(id -> report.getSignatureTimestamps(id).stream().map(XmlToken::getId));
        Stream<String> outside = Stream.concat(report.getSignatureIdList().stream(), report.getTimestampIdList().stream());
        return Stream.concat(outside, inside).distinct();
    }

    private static boolean isPassed(Indication indication) {
        return indication == Indication.TOTAL_PASSED || indication == Indication.PASSED;
    }

    private static String describe(SimpleReport report, String id) {
        return "%s, %s, %s, %s, %s".formatted(
                report.getSignedBy(id),
                report.getSignatureFormat(id),
                report.getIndication(id),
                report.getSubIndication(id),
                report.getAdESValidationErrors(id).stream().map(one -> one.getValue()).toList());
    }
}

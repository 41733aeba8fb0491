import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Calendar;
import java.util.StringJoiner;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.ExternalSigningSupport;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.PDSignature;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/** PDFBox with Bouncy Castle, as the examples of PDFBox sign: java PdfBox key.p12 passphrase in.pdf times out.pdf. */
public final class PdfBox {
    private static final int WARM_UP = 40;

    public static void main(String[] given) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = new FileInputStream(given[0])) {
            store.load(in, given[1].toCharArray());
        }
        String alias = store.aliases().nextElement();
        PrivateKey key = (PrivateKey) store.getKey(alias, given[1].toCharArray());
        Certificate[] chain = store.getCertificateChain(alias);
        byte[] pdf = Files.readAllBytes(Path.of(given[2]));
        int times = Integer.parseInt(given[3]);
        StringJoiner took = new StringJoiner(", ", "[", "]");
        byte[] signed = null;
        for (int round = 0; round < WARM_UP + times; round++) {
            long start = System.nanoTime();
            signed = sign(pdf, key, chain);
            if (round >= WARM_UP) {
                took.add(String.valueOf((System.nanoTime() - start) / 1e6));
            }
        }
        Files.write(Path.of(given[4]), signed);
        System.out.println(took);
    }

    private static byte[] sign(byte[] pdf, PrivateKey key, Certificate[] chain) throws Exception {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        try (PDDocument document = PDDocument.load(pdf)) {
            PDSignature signature = new PDSignature();
            signature.setFilter(PDSignature.FILTER_ADOBE_PPKLITE);
            signature.setSubFilter(org.apache.pdfbox.cos.COSName.getPDFName("ETSI.CAdES.detached"));
            signature.setSignDate(Calendar.getInstance());
            document.addSignature(signature);
            ExternalSigningSupport external = document.saveIncrementalForExternalSigning(output);
            external.setSignature(container(external.getContent().readAllBytes(), key, chain));
        }
        return output.toByteArray();
    }

    private static byte[] container(byte[] content, PrivateKey key, Certificate[] chain) throws Exception {
        CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
        JcaSignerInfoGeneratorBuilder builder =
                new JcaSignerInfoGeneratorBuilder(new JcaDigestCalculatorProviderBuilder().build());
        generator.addSignerInfoGenerator(
                builder.build(new JcaContentSignerBuilder("SHA256WithRSA").build(key), (X509Certificate) chain[0]));
        generator.addCertificates(new JcaCertStore(Arrays.asList(chain)));
        return generator.generate(new CMSProcessableByteArray(content), false).getEncoded();
    }
}
